import { isIPv6 } from 'node:net';
import { readHost } from '../lib/read-host.ts';

/** A peer of a NetworkPolicy (networking.k8s.io/v1). */
export type Peer =
  | { readonly ipBlock: { readonly cidr: string; readonly except?: readonly string[] } }
  | { readonly namespaceSelector?: object; readonly podSelector?: object };

/** An element of a NetworkPolicy's `egress`, and why it is there. */
export interface EgressRule {
  readonly comments: readonly string[];
  readonly to: readonly Peer[];
  /** Absent: all ports. */
  readonly ports?: readonly { readonly protocol: 'TCP' | 'UDP'; readonly port: number }[];
}

/** Alibaba's, which 100.64.0.0/10 holds already. */
const IN_CGNAT = '100.100.100.200/32';
/** Addresses under which clouds hand out credentials: no policy of ours ever opens them. */
const METADATA_V4 = ['169.254.0.0/16', '168.63.129.16/32', '192.0.0.192/32', IN_CGNAT];
const METADATA_V6 = ['fd00:ec2::/32', 'fd20:ce::254/128', 'fd00:c1::a9fe:a9fe/128', 'fd00:42::42/128'];
const PRIVATE_V4 = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'];

const anywherePublic: readonly Peer[] = [
  { ipBlock: { cidr: '0.0.0.0/0', except: [...PRIVATE_V4, ...METADATA_V4.filter((cidr) => cidr !== IN_CGNAT)] } },
  { ipBlock: { cidr: '2000::/3' } },
];
const anywhere: readonly Peer[] = [
  { ipBlock: { cidr: '0.0.0.0/0', except: METADATA_V4 } },
  { ipBlock: { cidr: '2000::/3' } },
  { ipBlock: { cidr: 'fc00::/7', except: METADATA_V6 } },
];

export const dnsRule: EgressRule = {
  comments: ["The cluster's DNS, and NodeLocal DNSCache where there is one."],
  to: [
    {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
      podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
    },
    { ipBlock: { cidr: '169.254.20.10/32' } },
  ],
  ports: [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
  ],
};

/** What lets a pod reach this host and port: as narrow as a NetworkPolicy, which knows no names, can be. */
export function ruleFor(what: string, hostname: string, port: number, reach: 'public' | 'private'): EgressRule {
  const host = readHost(hostname);
  const ports = [{ protocol: 'TCP' as const, port }];
  if (host?.kind === 'address') {
    const way = reach === 'private' ? ' Where this is the address of a Service, name its pods in its place.' : '';
    return {
      comments: [`${what}: ${hostname}.${way}`],
      to: [{ ipBlock: { cidr: `${host.address}/${isIPv6(host.address) ? 128 : 32}` } }],
      ports,
    };
  }
  const name = host?.name ?? hostname;
  const namespace = namespaceOf(name);
  const inCluster: Peer =
    namespace === undefined
      ? { podSelector: {} }
      : { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } }, podSelector: {} };
  if (namespace === undefined ? !name.includes('.') : isServiceName(name)) {
    const where = namespace === undefined ? 'of the same namespace' : `of the namespace ${namespace}`;
    const comments = [`${what}: the Service ${name}.`, `Which pods and ports are behind it is not known here: all ${where}; narrow it.`];
    return { comments, to: [inCluster] };
  }
  const which = reach === 'private' ? 'every address' : 'every public address';
  const comments = [`${what}: ${name}.`, `A NetworkPolicy knows no names: ${which}, at port ${port}; narrow it to what ${name} has.`];
  const outside = reach === 'private' ? anywhere : anywherePublic;
  if (namespace === undefined) return { comments, to: outside, ports };
  return { comments: [...comments, `Or, where that is a Service, the namespace ${namespace}.`], to: [inCluster, ...outside], ports };
}

const isServiceName = (name: string) => /\.svc(?:\.|$)/.test(name);

/** `redis.infra.svc.cluster.local` and `redis.infra.svc`; also `redis.infra`, which may as well be somebody's domain. */
function namespaceOf(name: string): string | undefined {
  const service = /(?:^|\.)([^.]+)\.svc(?:\.|$)/.exec(name) ?? /^[^.]+\.([^.]+)$/.exec(name);
  return service?.[1];
}
