// What TypeScript has for workers and not for pages, which the sources are too.

interface FileSystemSyncAccessHandle {
  close(): void;
  flush(): void;
  getSize(): number;
  read(buffer: BufferSource, options?: { at?: number }): number;
  truncate(size: number): void;
  write(buffer: BufferSource, options?: { at?: number }): number;
}

interface FileSystemFileHandle {
  createSyncAccessHandle(): Promise<FileSystemSyncAccessHandle>;
}
