/** One message, ready to go out. */
export type OutboundRequest = {
  url: string;
  /** `whsec_…`: the key it is signed with */
  secret: string;
  /** the same on every attempt; the receiver tells repeats by it */
  id: string;
  body: string;
};

/** What came of sending. `status` is null when no answer came. */
export type SendResult = {
  status: number | null;
  durationMs: number;
  /** null when the receiver took it (2xx); else one line, safe to store and show, the receiver's own words included */
  error: string | null;
  /** how long the receiver asked to wait, in seconds */
  retryAfterSeconds: number | null;
};

export type UrlCheck = { ok: true; url: string } | { ok: false; reason: string };

/** Signed messages to addresses that strangers to this network may reach, and to no others. */
export type Outbound = {
  /** What can be told of a URL without resolving its host. `url` is its canonical form. */
  checkUrl(url: string): UrlCheck;
  /**
   * Signs and posts one message, once. A refusal, a fault and an address that may not be reached are all values;
   * throws only `signal`'s reason, once it is aborted.
   */
  send(request: OutboundRequest, signal?: AbortSignal): Promise<SendResult>;
};

/**
 * Where a program that dials by itself may go: to the addresses that were checked (none: its proxy must find them), or, with null,
 * wherever the host leads, because whoever runs the server vouches for it.
 */
export type Route = { ok: true; addresses: readonly string[] | null } | { ok: false; reason: string };

/** Judges the host of a URL and all that it resolves to. RetryableError where it cannot be found. */
export type FindRoute = (url: URL) => Promise<Route>;
