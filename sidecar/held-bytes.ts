/**
 * Bytes as they come, in one piece: a piece of its own costs some hundred bytes
 * beside its content, and how small they are is the sender's choice.
 */
export class HeldBytes {
  #room: Buffer = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What came so far; changes no more where nothing is added. */
  get bytes(): Buffer {
    return this.#room.subarray(0, this.#length);
  }

  add(chunk: Buffer): void {
    const length = this.#length + chunk.byteLength;
    // Most bodies come in one piece, which then is not copied.
    if (this.#length === 0) this.#room = chunk;
    else {
      if (length > this.#room.byteLength) this.#grow(2 * length);
      chunk.copy(this.#room, this.#length);
    }
    this.#length = length;
  }

  #grow(byteLength: number): void {
    const room = Buffer.allocUnsafeSlow(byteLength);
    this.bytes.copy(room);
    this.#room = room;
  }
}
