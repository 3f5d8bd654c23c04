import { Hono } from 'hono';
import type { People } from './people.ts';
import type { World } from './world.ts';

/** The web pages. */
export function webPages(_world: World, _people: People, _demoUser?: string): Hono {
  return new Hono();
}
