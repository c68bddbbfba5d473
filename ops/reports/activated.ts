/** Which alarms ended a deployment, as CodeDeploy says it. Pure. */

/**
 * What CodeDeploy says of alarms that ended a deployment; empty where none did.
 * https://docs.aws.amazon.com/codedeploy/latest/userguide/monitoring-create-alarms.html
 */
export const activatedIn = (reason: string): string => /activated alarms: ?(.*)/i.exec(reason)?.[1] ?? '';

/** Whether an alarm is named, by its id or by the name that CloudFormation made of that. */
export const nameIn = (alarm: string, text: string): boolean => plain(alarm) !== '' && plain(text).includes(plain(alarm));

const plain = (text: string): string => text.replace(/[^A-Za-z0-9]/g, '');
