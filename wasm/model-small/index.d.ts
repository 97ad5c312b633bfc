/** The model's name. */
export const name: string;
/** Where its packed file is. */
export const url: URL;
/** The size of the file, in bytes. */
export const size: number;
/** The file's SHA-256, in hexadecimal digits. */
export const sha256: string;
