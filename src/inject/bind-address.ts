import type { Issue } from '../lib/issue.ts';
import { listAt, type Path, textAt, valueAt } from './raw.ts';

// `0.0.0.0`, `::` or `[::]`, alone, after `=` or `//`, with or without a port; not a part of another address.
const EVERYWHERE = /(?:^|[\s=/"'])(?:0\.0\.0\.0|\[::\]|::)(?::\d{1,5})?(?=$|[\s/"',])/;
const NAMES_AN_ADDRESS = /HOST|BIND|ADDR|LISTEN/i;

/**
 * An app that seems to bind all addresses: under `takeover` it would find its port taken and fail to start. A guess from
 * arguments and environment, so never more than a warning.
 */
export function judgeBindAddress(container: unknown, at: Path): Issue[] {
  const name = textAt(container, 'name');
  const way = "under takeover the sidecar holds the pod's addresses and the app keeps loopback: let it bind 127.0.0.1";
  const found: Issue[] = [];
  for (const list of ['command', 'args']) {
    const words = listAt(container, list);
    const index = words.findIndex((word) => typeof word === 'string' && EVERYWHERE.test(word));
    if (index === -1) continue;
    const message = `container ${name} seems to bind all addresses ("${String(words[index]).slice(0, 60)}"); ${way}`;
    found.push({ code: 'BINDS_EVERYWHERE', path: [...at, list, index], message });
  }
  listAt(container, 'env').forEach((variable, index) => {
    const [key, value] = [textAt(variable, 'name'), textAt(variable, 'value')];
    if (!NAMES_AN_ADDRESS.test(key) || !EVERYWHERE.test(value)) return;
    const message = `container ${name} seems to bind all addresses (${key}=${value.slice(0, 60)}); ${way}`;
    found.push({ code: 'BINDS_EVERYWHERE', path: [...at, 'env', index], message });
  });
  return found;
}

/** The variables of `bind-env` that the container does not set itself. */
export function missingEnv<T extends { readonly name: string }>(container: unknown, wanted: readonly T[]): T[] {
  const present = listAt(container, 'env').map((variable) => valueAt(variable, ['name']));
  return wanted.filter(({ name }) => !present.includes(name));
}
