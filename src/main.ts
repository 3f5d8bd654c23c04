import { readConfig } from './config.ts';
