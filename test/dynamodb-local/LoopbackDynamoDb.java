import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import software.amazon.dynamodb.services.local.main.ServerRunner;
import software.amazon.dynamodb.services.local.server.DynamoDBProxyServer;

/**
 * DynamoDB Local, as its own main program starts it, but for callers of this machine only: it listens on all addresses and
 * has no option against that. Its options are its own.
 */
public final class LoopbackDynamoDb {
  public static void main(String[] options) throws Exception {
    DynamoDBProxyServer database = ServerRunner.createServerFromCommandLineArgs(options);
    var field = DynamoDBProxyServer.class.getDeclaredField("server");
    field.setAccessible(true);
    for (var connector : ((Server) field.get(database)).getConnectors()) ((ServerConnector) connector).setHost("127.0.0.1");
    database.start();
    database.join();
  }
}
