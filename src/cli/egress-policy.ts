import { stringify } from 'yaml';
import { INJECTED_LABEL } from '../inject/names.ts';
import { listAt, objectAt, type Path, textAt, textsAt } from '../inject/raw.ts';
import { TEMPLATES } from '../inject/workload.ts';
import { parseSettings } from '../settings/annotations.ts';
import { ownAnnotations } from '../settings/own-annotations.ts';
import type { Settings } from '../settings/settings.ts';
import { dnsRule, type EgressRule, ruleFor } from './destinations.ts';

const PREAMBLE = `# What the pods of KIND NAME may reach; everything else that the app needs has to be added.
# The app and its sidecar share one network, and a NetworkPolicy knows pods, not containers: this leaves no way out of the pod
# but to these places, where the app may still dial by itself, unverified and unmetered. What it does not get there are the
# headers of the entries: their Secrets are mounted in the sidecar alone. Needs a network plugin that enforces NetworkPolicies.
`;

const DEFAULT_REDIS_PORT = 6379;

/** The NetworkPolicy of an injected pod or workload; nothing where it has no remote entries, an error where nothing selects its pods. */
export function egressPolicyOf(injected: unknown): string | undefined | { readonly error: string } {
  const kind = textAt(injected, 'kind');
  const template = TEMPLATES.get(kind) ?? [];
  const { settings } = parseSettings(ownAnnotations(textsAt(injected, ...template, 'metadata', 'annotations')));
  if (settings === undefined || !settings.inject || settings.remoteEntries.length === 0) return undefined;
  const name = textAt(injected, 'metadata', 'name') || textAt(injected, 'metadata', 'generateName').replace(/-+$/, '');
  const podSelector = selectorOf(injected, template);
  // An empty one would select every pod of the namespace.
  if (podSelector === undefined) {
    return { error: `${kind.toLowerCase()}/${name}: its pods have no label that a NetworkPolicy could select them by; give them one` };
  }
  return render(kind, name, textAt(injected, 'metadata', 'namespace'), podSelector, rulesOf(settings));
}

function selectorOf(object: unknown, template: Path): object | undefined {
  const selector = template.length === 0 ? {} : objectAt(object, 'spec', 'selector');
  if (Object.keys(objectAt(selector, 'matchLabels')).length > 0 || listAt(selector, 'matchExpressions').length > 0) return selector;
  const { [INJECTED_LABEL]: _, ...labels } = textsAt(object, ...template, 'metadata', 'labels');
  return Object.keys(labels).length === 0 ? undefined : { matchLabels: labels };
}

function rulesOf({ redis, identity, remoteEntries }: Settings): EgressRule[] {
  const rules = [dnsRule];
  if (redis !== undefined) rules.push(ruleOfUrl('Redis', redis.url, 'private'));
  const issuer = identity?.jwt;
  if (issuer !== undefined) rules.push(ruleOfUrl('The issuer of tokens', issuer.jwksUri ?? issuer.issuer, 'private'));
  for (const { name, url, allowPrivate } of remoteEntries)
    rules.push(ruleOfUrl(`The entry ${name}`, url, allowPrivate ? 'private' : 'public'));
  return rules;
}

function ruleOfUrl(what: string, text: string, reach: 'public' | 'private'): EgressRule {
  const { protocol, hostname, port } = new URL(text);
  const usual = protocol === 'https:' ? 443 : protocol === 'http:' ? 80 : DEFAULT_REDIS_PORT;
  return ruleFor(what, hostname, port === '' ? usual : Number(port), reach);
}

function render(kind: string, name: string, namespace: string, podSelector: object, rules: readonly EgressRule[]): string {
  const head = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: `${name.slice(0, 230)}-mcp-sluice-egress`, ...(namespace && { namespace }) },
    spec: { podSelector, policyTypes: ['Egress'] },
  };
  const egress = rules.map(({ comments, ...rule }) => {
    const lines = yaml([rule]).trimEnd().split('\n');
    return [...comments.map((comment) => `# ${comment}`), ...lines].map((line) => `    ${line}\n`).join('');
  });
  return `${PREAMBLE.replace('KIND NAME', `${kind} ${name}`)}${yaml(head)}  egress:\n${egress.join('')}`;
}

const yaml = (value: unknown) => stringify(value, { lineWidth: 0, indentSeq: false, aliasDuplicateObjects: false });
