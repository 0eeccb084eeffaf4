import { decodeString, ESCAPED } from './json-text.ts';

export type ValueKind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null';

/** Which object of the message a scan is in; `element` is a direct element of a batch, `client` a `clientInfo`. */
export type Role = 'top' | 'params' | 'meta' | 'client' | 'element' | 'other';

/** The key under which the modern era names its revision in `_meta`. */
export const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';

/** The key under which the modern era names the client in `_meta`. */
const CLIENT_KEY = 'io.modelcontextprotocol/clientInfo';

/** What a client may call itself, in bytes of JSON: no known one comes near. */
const CLIENT_NAME_BYTES = 256;

/** Keys that decide what a message is, what it costs or to whom it goes, by the object they stand in. */
const protocolKeys: Readonly<Record<'top' | 'params' | 'meta', readonly string[]>> = {
  top: ['jsonrpc', 'id', 'method', 'params', 'result', 'error'],
  params: [
    'name',
    'arguments',
    '_meta',
    'uri',
    'task',
    'taskId',
    'inputResponses',
    'requestState',
    'protocolVersion',
    'capabilities',
    'clientInfo',
  ],
  meta: [VERSION_KEY],
};

// None of these names holds anything that lower-casing folds differently from foldKey.
const byFold = (names: readonly string[]) => new Map(names.map((name) => [name.toLowerCase(), name]));
const foldedTop = byFold(protocolKeys.top);
const foldedParams = byFold(protocolKeys.params);
const foldedMeta = byFold(protocolKeys.meta);

function resembled(role: Role, folded: string): string | undefined {
  if (role === 'top') return foldedTop.get(folded);
  if (role === 'params') return foldedParams.get(folded);
  return role === 'meta' ? foldedMeta.get(folded) : undefined;
}

/** A member's value as the scan found it. */
export interface Member {
  readonly kind: ValueKind;
  /** Offset of the value's first byte, and of the first byte after it. */
  readonly start: number;
  readonly end: number;
  /** How a string is written; see json-text.ts. */
  readonly traits: number;
}

export interface Field {
  readonly kind: ValueKind;
  /** A string's decoded text. */
  readonly text?: string;
}

/** What a message says about itself, picked out by the one scan over its bytes. */
export class Envelope {
  root: ValueKind = 'null';
  jsonrpc: Field | undefined;
  method: Field | undefined;
  params: Field | undefined;
  /** Raw JSON text. */
  id: string | undefined;
  hasResult = false;
  hasError = false;
  name: Field | undefined;
  uri: Field | undefined;
  taskId: Field | undefined;
  version: Field | undefined;
  /** Absent too where it is longer than any known client's, or no well-formed text. */
  clientName: string | undefined;
  /** The protocol's key that a key of the message only resembles. */
  lookalikeOf: string | undefined;
  #hasJsonrpc = false;
  #hasMethod = false;
  #hasParams = false;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Whether some server, however lenient about keys, could take the value for JSON-RPC, a batch included. */
  get resemblesJsonRpc(): boolean {
    return this.#hasJsonrpc || (this.#hasMethod && this.#hasParams);
  }

  /** The role of the object that stands under a key. */
  roleUnder(role: Role, key: string): Role {
    if (role === 'top') return key === 'params' ? 'params' : 'other';
    if (role === 'params') return key === '_meta' ? 'meta' : key === 'clientInfo' ? 'client' : 'other';
    return role === 'meta' && key === CLIENT_KEY ? 'client' : 'other';
  }

  /** Takes in a member; false where it is a string that the envelope reads and that is no well-formed text. */
  record(role: Role, key: string, folded: string, member: Member): boolean {
    if (role === 'top' || role === 'element') this.#recordResemblance(folded);
    if (role === 'element') return true;
    if (role === 'client') {
      if (key === 'name' && member.end - member.start <= CLIENT_NAME_BYTES) this.clientName = this.#read(member)?.text;
      return true;
    }
    const name = resembled(role, folded);
    if (name === undefined) return true;
    if (name !== key) {
      this.lookalikeOf ??= name;
      return true;
    }
    return role === 'top' ? this.#recordTop(key, member) : this.#recordBelow(key, member);
  }

  #recordResemblance(folded: string): void {
    if (folded === 'jsonrpc') this.#hasJsonrpc = true;
    else if (folded === 'method') this.#hasMethod = true;
    else if (folded === 'params') this.#hasParams = true;
  }

  #recordTop(key: string, member: Member): boolean {
    if (key === 'id') {
      this.id = this.#bytes.toString('utf8', member.start, member.end);
      // Kept as it is written, yet to Go's decoder two such ids could be one.
      return !(member.kind === 'string' && member.traits & ESCAPED) || this.#read(member) !== undefined;
    }
    if (key === 'result') this.hasResult = true;
    else if (key === 'error') this.hasError = true;
    else if (key === 'params') this.params = { kind: member.kind };
    else {
      const field = this.#read(member);
      if (key === 'method') this.method = field;
      else this.jsonrpc = field;
      return field !== undefined;
    }
    return true;
  }

  #recordBelow(key: string, member: Member): boolean {
    if (key !== 'name' && key !== 'uri' && key !== 'taskId' && key !== VERSION_KEY) return true;
    const field = this.#read(member);
    if (key === VERSION_KEY) this.version = field;
    else this[key] = field;
    return field !== undefined;
  }

  #read({ kind, start, end, traits }: Member): Field | undefined {
    if (kind !== 'string') return { kind };
    const text = decodeString(this.#bytes, start + 1, end - 1, traits);
    return traits & ESCAPED && !text.isWellFormed() ? undefined : { kind, text };
  }
}
