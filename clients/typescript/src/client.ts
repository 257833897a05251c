/** What makes the generated stubs convenient: promises, streams that can be left, and errors with their details. */

import * as grpc from "@grpc/grpc-js";
import { BadRequest, ErrorInfo, RequestInfo, RetryInfo } from "../gen/google/rpc/error_details.js";
import { Status } from "../gen/google/rpc/status.js";
import { CatalogServiceClient } from "../gen/ymera/v1/catalog.js";
import { Message, Prompt, Role } from "../gen/ymera/v1/content.js";
import { FeedbackServiceClient } from "../gen/ymera/v1/feedback.js";
import { InferenceServiceClient } from "../gen/ymera/v1/inference.js";
import { RoutingServiceClient } from "../gen/ymera/v1/routing.js";
import { UsageServiceClient } from "../gen/ymera/v1/usage.js";
import { YmeraServiceClient } from "../gen/ymera/v1/ymera.js";

/** Answers may be of any size: gRPC's limit of 4 MiB does not apply. */
const OPTIONS: grpc.ClientOptions = { "grpc.max_receive_message_length": -1 };

/** Returns the stubs of a server at "host:port"; the first call connects. Close each after its last call. */
export function connect(address: string, credentials = grpc.credentials.createInsecure()) {
  return {
    ymera: new YmeraServiceClient(address, credentials, OPTIONS),
    catalog: new CatalogServiceClient(address, credentials, OPTIONS),
    feedback: new FeedbackServiceClient(address, credentials, OPTIONS),
    inference: new InferenceServiceClient(address, credentials, OPTIONS),
    routing: new RoutingServiceClient(address, credentials, OPTIONS),
    usage: new UsageServiceClient(address, credentials, OPTIONS),
  };
}

export type Stubs = ReturnType<typeof connect>;

type Method<Request, Response> = (
  request: Request,
  metadata: grpc.Metadata,
  options: grpc.CallOptions,
  callback: (error: grpc.ServiceError | null, response: Response) => void,
) => grpc.ClientUnaryCall;

/** Calls a method that has one response. A failure rejects with a `Failure`. */
export function call<Request, Response>(
  stub: grpc.Client,
  method: Method<Request, Response>,
  request: Request,
  seconds = 60,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    method.call(stub, request, new grpc.Metadata(), { deadline: after(seconds) }, (error, response) =>
      error ? reject(new Failure(error)) : resolve(response),
    );
  });
}

/** Yields the responses of a stream. Leaving the loop early cancels the call; a failure is thrown as a `Failure`. */
export async function* events<Response>(call: grpc.ClientReadableStream<Response>): AsyncGenerator<Response> {
  try {
    for await (const event of call) yield event as Response;
  } catch (error) {
    throw new Failure(error as grpc.ServiceError);
  } finally {
    call.cancel();
  }
}

/** Returns a deadline. */
export function after(seconds: number): Date {
  return new Date(Date.now() + seconds * 1000);
}

/** Returns a prompt of one message of the user, after the system's instructions if there are any. */
export function prompt(text: string, system?: string): Prompt {
  const message = (role: Role, text: string) =>
    Message.create({ role, parts: [{ kind: { $case: "text", value: text } }] });
  const instructions = system === undefined ? [] : [message(Role.ROLE_SYSTEM, system)];
  return Prompt.create({ messages: [...instructions, message(Role.ROLE_USER, text)] });
}

/** Returns the text parts of an answer joined. */
export function textOf(messages: Message[]): string {
  return messages
    .flatMap((message) => message.parts)
    .map((part) => (part.kind?.$case === "text" ? part.kind.value : ""))
    .join("");
}

/** The error of a call, with the details that the server reported. */
export class Failure extends Error {
  /** The constant that programs branch on; empty if the server could not be reached. */
  reason = "";
  /** The variable parts of the message. */
  metadata: Record<string, string> = {};
  /** What is wrong with each invalid field of the request. */
  violations: Record<string, string> = {};
  /** How long to wait before a retry; absent if waiting is not known to help. */
  retryAfterSeconds?: number;
  /** Identifies the call in the server's log. */
  requestId = "";
  /** The status. */
  readonly code: grpc.status;

  constructor(error: grpc.ServiceError) {
    super(error.details || error.message, { cause: error });
    this.code = error.code;
    for (const status of error.metadata?.get("grpc-status-details-bin") ?? []) {
      for (const detail of Status.decode(status as Buffer).details) this.add(detail.typeUrl, detail.value);
    }
  }

  private add(typeUrl: string, value: Uint8Array) {
    switch (typeUrl.split("/").at(-1)) {
      case "google.rpc.ErrorInfo":
        ({ reason: this.reason, metadata: this.metadata } = ErrorInfo.decode(value));
        break;
      case "google.rpc.BadRequest":
        for (const each of BadRequest.decode(value).fieldViolations) this.violations[each.field] = each.description;
        break;
      case "google.rpc.RetryInfo": {
        const delay = RetryInfo.decode(value).retryDelay;
        this.retryAfterSeconds = delay && Number(delay.seconds) + delay.nanos / 1e9;
        break;
      }
      case "google.rpc.RequestInfo":
        this.requestId = RequestInfo.decode(value).requestId;
        break;
    }
  }
}
