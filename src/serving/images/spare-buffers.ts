/** Bytes that are kept: some dozens of pictures of a usual size. */
const MAX_BYTES = 2 ** 24;

/**
 * The memory of pictures that are done with, to be filled again. New memory for each of them, of half a megabyte, would make the
 * garbage collector look through the whole heap every few dozen requests.
 */
export class SpareBuffers {
  private readonly buffers: ArrayBuffer[] = [];
  private bytes = 0;

  /** Takes a buffer of exactly this size, with any content; undefined where there is none. */
  take(byteLength: number): ArrayBuffer | undefined {
    const index = this.buffers.findLastIndex((buffer) => buffer.byteLength === byteLength);
    if (index === -1) return undefined;
    this.bytes -= byteLength;
    return this.buffers.splice(index, 1)[0];
  }

  /** Keeps a buffer that nobody uses any more; the oldest ones make room for it. */
  give(buffer: ArrayBuffer): void {
    this.buffers.push(buffer);
    this.bytes += buffer.byteLength;
    while (this.bytes > MAX_BYTES) this.bytes -= this.buffers.shift()!.byteLength;
  }
}
