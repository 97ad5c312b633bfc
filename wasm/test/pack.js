// Packs a small checkpoint into one file, as toller pack does.

/**
 * @param {Map<string, Buffer>} files of the checkpoint
 * @returns {Buffer}
 */
export function pack(files) {
  /** @type {Record<string, any>} */
  const header = { __metadata__: { 'toller.format': '1' } };
  /** @type {Buffer[]} */
  const data = [];
  let end = 0;
  for (const [name, content] of files) {
    const folder = name.match(/^(.*\/)?model\.safetensors$/);
    if (!folder) {
      header.__metadata__[name] = content.toString();
      continue;
    }
    const length = Number(content.readBigUInt64LE());
    for (const [tensor, of] of Object.entries(JSON.parse(content.subarray(8, 8 + length).toString()))) {
      if (tensor === '__metadata__') continue;
      const bytes = content.subarray(8 + length + of.data_offsets[0], 8 + length + of.data_offsets[1]);
      header[(folder[1] ?? '') + tensor] = { ...of, data_offsets: [end, end + bytes.length] };
      data.push(bytes);
      end += bytes.length;
    }
  }
  const text = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([size, text, ...data]);
}
