import { listAt, textAt } from '../../inject/raw.ts';
import { PREFIX } from '../../lib/prefix.ts';
import { keysWith } from '../../settings/table.ts';

const NAME = 'webhook';

/** The webhook's container of its Deployment, which others may have put theirs beside. */
export function webhookContainer(deployment: unknown): unknown {
  const containers = listAt(deployment, 'spec', 'template', 'spec', 'containers');
  return containers.find((each) => textAt(each, 'name') === NAME) ?? containers[0];
}

/**
 * An option of the webhook's command line, written either way (`--name=value`, `--name value`), with `$(VARIABLE)`
 * written out as the kubelet does; undefined where it is not given.
 */
export function optionOf(deployment: unknown, option: string): string | undefined {
  const container = webhookContainer(deployment);
  const words = [...listAt(container, 'command'), ...listAt(container, 'args')].filter((each) => typeof each === 'string');
  for (const [index, word] of words.entries()) {
    if (word.startsWith(`--${option}=`)) return expanded(word.slice(option.length + 3), container);
    if (word === `--${option}`) return expanded(words[index + 1] ?? '', container);
  }
  return undefined;
}

/** What has no plain value in the manifest (a key of a Secret) stays as it is written. */
function expanded(text: string, container: unknown): string {
  return text.replaceAll(/\$\$|\$\(([A-Za-z_][\w.-]*)\)/g, (whole, name?: string) => {
    if (name === undefined) return '$';
    const variable = listAt(container, 'env').find((each) => textAt(each, 'name') === name);
    return textAt(variable, 'value') || whole;
  });
}

/** The version that an image's tag names; undefined where it names none, as a digest alone. */
export function versionOfImage(image: string): string | undefined {
  return /:v?(\d+\.\d+\.\d+[-\w.]*)(?:@|$)/.exec(image)?.[1];
}

/** The cluster's defaults that the webhook was told, as annotations. */
export function defaultsOf(deployment: unknown): Record<string, string> {
  const given = keysWith('fromCluster').map((key) => [PREFIX + key, optionOf(deployment, `default-${key}`)] as const);
  return Object.fromEntries(given.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** The images of ConfigMap mcp-sluice-images, the one that is injected first: `rolling` has several, with blanks between. */
export function imagesNamed(configMap: unknown): string[] {
  const [current = '', previous = '', rolling = ''] = ['current', 'previous', 'rolling'].map((key) => textAt(configMap, 'data', key));
  return current === '' ? [] : [current, previous, ...rolling.split(' ')].filter((image) => image !== '');
}
