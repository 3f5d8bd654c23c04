import { describe, expect, it } from 'vitest';
import { layTrack } from '../../src/pages/track.ts';

const step = (name: string, ...dependsOn: string[]) => ({ name, dependsOn });
const lanes = (...steps: Parameters<typeof layTrack>[0][number][]) => layTrack(steps).places.map(({ lane }) => lane);

describe('the drawing of a run', () => {
  it('puts one behind the other in one lane', () => {
    expect(lanes(step('a'), step('b', 'a'), step('c', 'b'))).toEqual([0, 0, 0]);
  });

  it('gives what goes on beside another a lane of its own, and brings them together', () => {
    const { places, edges } = layTrack([step('a'), step('b', 'a'), step('c', 'a'), step('d', 'b', 'c'), step('e')]);
    expect(places.map(({ lane }) => lane)).toEqual([0, 0, 1, 0, 0]);
    expect(edges.map(({ from, to }) => `${from}>${to}`)).toEqual(['0>1', '0>2', '1>3', '2>3']);
  });

  it('leaves the lane of one that another still waits for', () => {
    expect(lanes(step('a'), step('b'), step('c', 'b'), step('d', 'a'))).toEqual([0, 1, 1, 0]);
  });

  it('draws a repair behind what it mends, and what was planned behind what stands in for it', () => {
    const { edges } = layTrack([
      step('write'),
      step('test', 'write'),
      { ...step('repair'), mends: 'test' },
      { ...step('write-1', 'repair'), inputs: { _replaces: 'write' } },
      { ...step('test-1', 'write-1'), inputs: { _replaces: 'test' } },
      step('pull', 'test'),
    ]);
    expect(edges.map(({ from, to, mends }) => `${from}${mends ? '~' : '>'}${to}`)).toEqual([
      '0>1',
      '1~2',
      '2>3',
      '3>4',
      '4>5',
    ]);
  });
});
