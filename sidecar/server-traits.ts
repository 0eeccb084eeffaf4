/** What the server has shown of itself in this process's life. */
export class ServerTraits {
  /** It has given session ids. */
  givesSessions = false;
  /** It has an answer to the GET of a session: many frameworks say 404 to a method that a path does not have. */
  answersGet = false;
  #pathWithout: string | undefined;

  /** It has answered an `initialize` there as one that has sessions would not. */
  openedWithout(target: string): void {
    this.#pathWithout = pathOf(target);
  }

  /** It has no sessions: ids that come are made up, and mean nothing to it. */
  get isStateless(): boolean {
    return this.#pathWithout !== undefined && !this.givesSessions;
  }

  /** Nor is a stream there one of the HTTP+SSE transport, which has its own path. */
  isStatelessAt(target: string): boolean {
    return this.isStateless && pathOf(target) === this.#pathWithout;
  }
}

export function pathOf(target: string): string {
  return target.split(/[?#]/, 1)[0] ?? '';
}
