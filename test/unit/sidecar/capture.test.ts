import { describe, expect, it } from 'vitest';
import { explainFailure, parseCapture, renderRules } from '../../../sidecar/capture.ts';

describe('the capture of inbound traffic', () => {
  it('[sidecar:capture-rules] makes its own table anew, for both families, in one transaction', () => {
    const rules = renderRules({ ports: [{ port: 3001, to: 15001 }] }).split('\n');
    expect(rules.slice(0, 3)).toEqual(['add table inet mcp_sluice', 'delete table inet mcp_sluice', 'table inet mcp_sluice {']);
    expect(rules).toContain('    type nat hook prerouting priority dstnat; policy accept;');
    expect(rules).toContain('    iifname != "lo" tcp dport 3001 redirect to :15001');
  });

  it('[ports:each-captured] sends each port to its own, in one table', () => {
    const options = parseCapture(['--port=3001', '--to=15001', '--port=3002', '--to=15002']);
    expect(options).toEqual({
      ports: [
        { port: 3001, to: 15001 },
        { port: 3002, to: 15002 },
      ],
    });
    if (!('ports' in options)) throw new Error('a command line that is sound');
    const rules = renderRules(options).split('\n');
    expect(rules.filter((line) => line.includes('redirect'))).toEqual([
      '    iifname != "lo" tcp dport 3001 redirect to :15001',
      '    iifname != "lo" tcp dport 3002 redirect to :15002',
    ]);
    expect(rules.filter((line) => line.includes('table'))).toHaveLength(3);
    expect(parseCapture(['--port=1', '--to=2', '--port=3'])).toEqual(['each --port needs a --to of its own, in the same order']);
    for (const mixed of [
      ['--port=1', '--to=2', '--port=2', '--to=3'],
      ['--port=1', '--to=3', '--port=2', '--to=3'],
      ['--port=1', '--to=2', '--port=1', '--to=3'],
    ])
      expect(parseCapture(mixed)).toEqual(['each --port and --to must differ from all others']);
  });

  it('reads its command line, and says all that is wrong with it', () => {
    expect(parseCapture(['--port=3001', '--to=15001'])).toEqual({ ports: [{ port: 3001, to: 15001 }] });
    expect(parseCapture(['--port=0; flush ruleset', '--from=1'])).toHaveLength(2);
    expect(parseCapture(['--port=1', '--to=1'])).toEqual(['--port and --to must differ']);
    expect(parseCapture([])).toEqual(['--port must be a port, and is missing', '--to must be a port, and is missing']);
  });

  it.each([
    [{ code: 'ENOENT', output: 'spawn nft ENOENT' }, /not in this image.*takeover/],
    [{ code: 1, output: 'Error: Could not process rule: Operation not permitted' }, /NET_ADMIN.*takeover/],
    [{ code: 1, output: 'Error: Could not process rule: No such file or directory' }, /kernel.*takeover/],
    [{ code: 7, output: 'weird' }, /nft failed \(7\): weird/],
  ])('[sidecar:capture-remedy] explains %j', (failure, expected) => {
    expect(explainFailure(failure)).toMatch(expected);
  });
});
