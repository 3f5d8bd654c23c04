/** What the rest of the house may know of this room. */

/** A trace context as text, to be kept beside what goes on later or elsewhere: https://www.w3.org/TR/trace-context/ */
export type Carrier = Record<string, string>;

/** Ids, names of ours, numbers. Never a person's words, and nothing secret: spans leave the house. */
export type Attributes = Record<string, string | number | boolean | undefined>;

export type SpanOptions = {
  /** `internal` unless told */
  kind?: 'server' | 'client' | 'consumer';
  attributes?: Attributes;
  /** What it goes on from, instead of the span around it. */
  parent?: Carrier | undefined;
};

/** The span that is open. */
export type OpenSpan = { set(attributes: Attributes): void; rename(name: string): void };

export type Tracing = {
  /** False where nobody collects traces; then `span` only does the work. */
  on: boolean;
  /** Does `work` inside a span, which ends with it; a rejection is passed on, and shows as the name of its error. */
  span<T>(name: string, options: SpanOptions, work: (span: OpenSpan) => Promise<T>): Promise<T>;
  /** The context that is active now; undefined where there is none. */
  carrier(): Carrier | undefined;
};
