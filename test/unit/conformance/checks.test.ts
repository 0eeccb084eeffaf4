import { expect, it } from 'vitest';
import { type Checks, compareChecks, countChecks } from '../../conformance/checks.ts';

const checks = (statuses: Readonly<Record<string, string>>): Checks =>
  new Map(Object.entries(statuses).map(([name, status]) => [name, { scenario: name.split(' ', 1)[0] ?? '', status, says: 'why' }]));

it('finds no difference between equal runs', () => {
  expect(compareChecks(checks({ 'ping a#1': 'SUCCESS' }), checks({ 'ping a#1': 'SUCCESS' }))).toEqual([]);
});

it('finds checks of another status, and such as only one run has', () => {
  const direct = checks({ 'ping a#1': 'SUCCESS', 'ping a#2': 'FAILURE', 'ping b#1': 'INFO' });
  const proxied = checks({ 'ping a#1': 'FAILURE', 'ping a#2': 'FAILURE', 'tools c#1': 'SUCCESS' });
  expect(compareChecks(direct, proxied)).toEqual([
    { scenario: 'ping', check: 'ping a#1', direct: 'SUCCESS', proxied: 'FAILURE', says: 'why' },
    { scenario: 'ping', check: 'ping b#1', direct: 'INFO', proxied: 'absent', says: '' },
    { scenario: 'tools', check: 'tools c#1', direct: 'absent', proxied: 'SUCCESS', says: 'why' },
  ]);
});

it('counts checks by status', () => {
  expect(countChecks(checks({ 'a a#1': 'SUCCESS', 'a b#1': 'INFO', 'a c#1': 'SUCCESS' }))).toBe('1 INFO, 2 SUCCESS');
  expect(countChecks(new Map())).toBe('none');
});
