import { stringify } from 'yaml';
import { INJECTED_LABEL } from '../inject/names.ts';
import { listAt, objectAt, type Path, textAt, textsAt } from '../inject/raw.ts';
import { TEMPLATES } from '../inject/workload.ts';
import type { Issue } from '../lib/issue.ts';
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

/** A NetworkPolicy, and what to say about each of its rules. */
export interface EgressPolicy {
  readonly object: {
    readonly apiVersion: 'networking.k8s.io/v1';
    readonly kind: 'NetworkPolicy';
    readonly metadata: { readonly name: string; readonly namespace?: string };
    readonly spec: { readonly podSelector: object; readonly policyTypes: readonly ['Egress']; readonly egress: readonly object[] };
  };
  /** Of the workload or pod: `Deployment agent`. */
  readonly of: string;
  /** One list for each rule of `egress`. */
  readonly comments: readonly (readonly string[])[];
}

/** The NetworkPolicy of an injected pod or workload; nothing where it has no remote entries, an issue where nothing selects its pods. */
export function egressPolicyOf(injected: unknown): EgressPolicy | Issue | undefined {
  const kind = textAt(injected, 'kind');
  const template = TEMPLATES.get(kind) ?? [];
  const { settings } = parseSettings(ownAnnotations(textsAt(injected, ...template, 'metadata', 'annotations')));
  if (settings === undefined || !settings.inject || settings.remoteEntries.length === 0) return undefined;
  const name = textAt(injected, 'metadata', 'name') || textAt(injected, 'metadata', 'generateName').replace(/-+$/, '');
  const podSelector = selectorOf(injected, template);
  // An empty one would select every pod of the namespace.
  if (podSelector === undefined) {
    const message = 'its pods have no label that a NetworkPolicy could select them by; give them one';
    return { code: 'UNSELECTABLE', path: [...template, 'metadata', 'labels'], message };
  }
  const namespace = textAt(injected, 'metadata', 'namespace');
  const rules = rulesOf(settings);
  return {
    of: `${kind} ${name}`,
    comments: rules.map(({ comments }) => comments),
    object: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: `${name.slice(0, 230)}-mcp-sluice-egress`, ...(namespace && { namespace }) },
      spec: { podSelector, policyTypes: ['Egress'], egress: rules.map(({ comments: _, ...rule }) => rule) },
    },
  };
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

/** The policy as YAML, with comments that say what no NetworkPolicy can close. */
export function renderPolicy({ object, of, comments }: EgressPolicy): string {
  const { egress, ...spec } = object.spec;
  const rules = egress.map((rule, index) => {
    const lines = [...(comments[index] ?? []).map((comment) => `# ${comment}`), ...yaml([rule]).trimEnd().split('\n')];
    return lines.map((line) => `    ${line}\n`).join('');
  });
  return `${PREAMBLE.replace('KIND NAME', of)}${yaml({ ...object, spec })}  egress:\n${rules.join('')}`;
}

const yaml = (value: unknown) => stringify(value, { lineWidth: 0, indentSeq: false, aliasDuplicateObjects: false });
