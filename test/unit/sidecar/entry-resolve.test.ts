import { describe, expect, it } from 'vitest';
import { createResolve } from '../../../sidecar/entry-resolve.ts';

const inPod = 'search agents.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n';

async function resolve(
  name: string,
  zone: Readonly<Record<string, string | readonly string[]>>,
  files: { hosts?: string; resolvConf?: string } = {},
): Promise<{ result: readonly string[] | string; asked: string[] }> {
  const asked: string[] = [];
  const read = (text: string | undefined): Promise<string> =>
    text === undefined ? Promise.reject(new Error('ENOENT')) : Promise.resolve(text);
  const resolver = createResolve({
    hosts: () => read(files.hosts),
    resolvConf: () => read(files.resolvConf),
    query: (candidate, type) => {
      if (type === 'A') asked.push(candidate);
      const answer = zone[`${candidate} ${type}`] ?? zone[candidate] ?? 'ENOTFOUND';
      return typeof answer === 'string' ? Promise.reject(Object.assign(new Error(answer), { code: answer })) : Promise.resolve(answer);
    },
  });
  const result = await resolver(name).catch((error: NodeJS.ErrnoException) => String(error.code));
  return { result, asked };
}

describe('a name of an entry', () => {
  it('[egress:names] is found by the search list of the pod, as its programs find it', async () => {
    const zone = { 'tools.prod.svc.cluster.local A': ['10.96.1.1'] };
    expect(await resolve('tools.prod', zone, { resolvConf: inPod })).toEqual({
      result: ['10.96.1.1'],
      asked: ['tools.prod.agents.svc.cluster.local', 'tools.prod.svc.cluster.local'],
    });
  });

  it('[egress:names] is asked for as it stands first where it has dots enough, and only so with one at its end', async () => {
    const zone = { 'mcp.example': ['192.0.2.1'] };
    expect((await resolve('mcp.example', zone, { resolvConf: 'search corp.test\n' })).asked).toEqual(['mcp.example']);
    expect((await resolve('mcp.example', zone)).asked).toEqual(['mcp.example']);
    expect((await resolve('mcp.example.', zone, { resolvConf: inPod })).asked).toEqual(['mcp.example']);
    expect((await resolve('mcp.example', zone, { resolvConf: inPod })).asked).toHaveLength(4);
  });

  it('[egress:names] is taken from /etc/hosts first, as hostAliases write it there', async () => {
    const hosts = '# mcp.example\n127.0.0.1 localhost\n10.1.1.1\tMCP.example other # x\nfd00::1 mcp.example\nnonsense mcp.example\n';
    expect(await resolve('mcp.Example', {}, { hosts })).toEqual({ result: ['10.1.1.1', 'fd00::1'], asked: [] });
    expect((await resolve('mcp.example.', {}, { hosts })).result).toEqual(['10.1.1.1', 'fd00::1']);
  });

  it('[egress:names] has all its addresses, of both families, or those of the one that answers', async () => {
    const both = { 'mcp.example A': ['192.0.2.1', '192.0.2.2'], 'mcp.example AAAA': ['2001:db8::1'] };
    expect((await resolve('mcp.example', both)).result).toEqual(['192.0.2.1', '192.0.2.2', '2001:db8::1']);
    expect((await resolve('mcp.example', { ...both, 'mcp.example AAAA': 'ESERVFAIL' })).result).toEqual(['192.0.2.1', '192.0.2.2']);
    expect((await resolve('mcp.example', { ...both, 'mcp.example A': 'ENODATA' })).result).toEqual(['2001:db8::1']);
  });

  it('[egress:names] that is not found says so, unless a server could not tell', async () => {
    expect((await resolve('mcp.example', {}, { resolvConf: inPod })).result).toBe('ENOTFOUND');
    const failing = { 'mcp.example.svc.cluster.local': 'ESERVFAIL' };
    expect((await resolve('mcp.example', failing, { resolvConf: inPod })).result).toBe('ESERVFAIL');
    expect((await resolve('mcp.example', { 'mcp.example': [] })).result).toBe('ENODATA');
  });
});
