import type { MessageAddress } from '../src/mcp/message-address.ts';

/** As clients spell a target once they have resolved it (WHATWG URL); the origin stands for any. */
const BASE = 'http://sidecar';

/**
 * Where the messages of an entry of the HTTP+SSE transport go: addresses that a stream which is open announced, at
 * the entry's own origin, and no others. The app knows them below the entry's path.
 */
export class EntryMessages {
  readonly #entryUrl: URL;
  readonly #entryPath: string;
  readonly #open = new Map<string, number>();

  constructor(entry: { readonly name: string; readonly url: string }) {
    this.#entryUrl = new URL(entry.url);
    this.#entryPath = `/${entry.name}`;
  }

  /** What an `endpoint` event's data are for the app; `foreign` where they lead to another origin; undefined for no reference. */
  read(data: string): MessageAddress | 'foreign' | undefined {
    const url = URL.parse(data, this.#entryUrl);
    if (url === null) return undefined;
    // `blob:https://…` has the origin of what it wraps (URL Standard §4.7).
    if (url.origin !== this.#entryUrl.origin || url.protocol !== this.#entryUrl.protocol) return 'foreign';
    const target = this.#entryPath + url.pathname + url.search;
    return { target, path: this.#entryPath + url.pathname, reference: target };
  }

  /** Lets messages go to an address, as the app knows it, until the function returned is called. */
  open(target: string): () => void {
    this.#open.set(target, (this.#open.get(target) ?? 0) + 1);
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      const others = (this.#open.get(target) ?? 1) - 1;
      if (others === 0) this.#open.delete(target);
      else this.#open.set(target, others);
    };
  }

  /** The target at the remote for one of the app's; undefined where no open stream announced it. */
  find(target: string): string | undefined {
    const url = this.#open.has(target) ? undefined : URL.parse(target, BASE);
    const known = url ? url.pathname + url.search : target;
    return this.#open.has(known) ? known.slice(this.#entryPath.length) : undefined;
  }
}
