import { crc32 } from 'node:zlib';

/** A zip archive of one file, not compressed: what Lambda takes. https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT */
export const zipOf = (name: string, content: Buffer): Buffer => {
  const title = Buffer.from(name);
  const shared = Buffer.alloc(26);
  shared.writeUInt16LE(20, 0);
  shared.writeUInt32LE(crc32(content), 10);
  shared.writeUInt32LE(content.length, 14);
  shared.writeUInt32LE(content.length, 18);
  shared.writeUInt16LE(title.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), shared, title, content]);
  const entry = Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 0]), shared, Buffer.alloc(14), title]);
  // Readable by all: Lambda refuses to start what its user may not read.
  entry.writeUInt32LE(0o100644 * 2 ** 16, 38);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(1, 4);
  end.writeUInt16LE(1, 6);
  end.writeUInt32LE(entry.length, 8);
  end.writeUInt32LE(local.length, 12);
  return Buffer.concat([local, entry, Buffer.from('PK\x05\x06'), end]);
};
