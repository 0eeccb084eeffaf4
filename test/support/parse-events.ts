export interface ParsedEvent {
  readonly type: string;
  readonly data: string;
}

/** The events that a conforming client dispatches for a stream (WHATWG HTML §9.2.6). */
export function parseEvents(text: string): ParsedEvent[] {
  const events: ParsedEvent[] = [];
  let type = '';
  let data: string[] = [];
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/);
  // What comes after the last line end is no line yet.
  for (const line of lines.slice(0, -1)) {
    if (line === '') {
      if (data.length > 0) events.push({ type: type || 'message', data: data.join('\n') });
      type = '';
      data = [];
      continue;
    }
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') type = value;
    else if (name === 'data') data.push(value);
  }
  return events;
}
