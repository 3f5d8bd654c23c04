import { describe, expect, it } from 'vitest';
import { decideRedelivery, type DeliveryAttempt } from '../../src/domain/redelivery.ts';

const MINUTE = 60_000;
const now = new Date('2026-01-10T12:00:00Z');
const before = (minutes: number) => new Date(now.getTime() - minutes * MINUTE);
let id = 0;
const attempt = (guid: string, minutes: number, ok = false): DeliveryAttempt => ({
  id: String((id += 1)),
  guid,
  deliveredAt: before(minutes),
  ok,
});
const guids = (asked: DeliveryAttempt[]) => asked.map(({ guid }) => guid);

describe('which deliveries to ask for again', () => {
  it('asks for what nobody answered well, oldest first, each once', () => {
    const listed = [attempt('c', 1), attempt('b', 2, true), attempt('a', 30), attempt('a', 50)];
    const { ask, lost } = decideRedelivery(listed, new Set(), now);
    expect(guids(ask)).toEqual(['a', 'c']);
    expect(ask[0]!.deliveredAt).toEqual(before(30));
    expect(lost).toBe(2);
  });

  it('leaves alone what succeeded at a later attempt, and what is here although its answer was lost', () => {
    const listed = [attempt('a', 1, true), attempt('a', 20), attempt('b', 20)];
    expect(decideRedelivery(listed, new Set(['b']), now)).toMatchObject({ ask: [], lost: 0 });
  });

  it('waits longer after each attempt that failed again, and still counts it as lost', () => {
    const tries = (...minutes: number[]) => minutes.map((ago) => attempt('a', ago));
    expect(guids(decideRedelivery(tries(9, 60), new Set(), now).ask)).toEqual([]);
    expect(guids(decideRedelivery(tries(10, 60), new Set(), now).ask)).toEqual(['a']);
    expect(guids(decideRedelivery(tries(19, 40, 60), new Set(), now).ask)).toEqual([]);
    expect(guids(decideRedelivery(tries(20, 40, 60), new Set(), now).ask)).toEqual(['a']);
    expect(decideRedelivery(tries(1, 60), new Set(), now).lost).toBe(1);
  });

  it('is settled up to the first attempt of the oldest that is lost, or else the newest listed', () => {
    expect(
      decideRedelivery([attempt('a', 5, true), attempt('b', 10), attempt('b', 99)], new Set(), now).settledBefore,
    ).toEqual(before(99));
    expect(decideRedelivery([attempt('a', 5, true), attempt('c', 50, true)], new Set(), now).settledBefore).toEqual(
      before(5),
    );
    expect(decideRedelivery([], new Set(), now).settledBefore).toBeNull();
  });
});
