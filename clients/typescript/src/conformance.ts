// Runs the checks of ../README.md against a server and prints one line for each:
//
//     npm run conformance -- 127.0.0.1:50051

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Metadata, status } from "@grpc/grpc-js";
import { ListModelsRequest } from "../gen/ymera/v1/catalog.js";
import { FinishReason } from "../gen/ymera/v1/content.js";
import { CountTokensRequest } from "../gen/ymera/v1/inference.js";
import { type Execution, ExecutionStatus, GetExecutionRequest } from "../gen/ymera/v1/routing.js";
import {
  BenchmarkRequest,
  type BenchmarkResponse,
  ExecuteRequest,
  ExecuteStreamRequest,
  type ExecuteStreamResponse,
  HealthStatus,
  RouteRequest,
} from "../gen/ymera/v1/ymera.js";
import { after, call, connect, events, Failure, prompt, type Stubs, textOf } from "./client.js";

const QUESTION = "What is 17 × 23?";
const SOLVER = "simulator/sim-large";
const ECHO = "echo/words";
const UNKNOWN_ID = "00000000-0000-7000-8000-000000000000";
const TERMINAL = ["completed", "truncated", "failed", "cancelled"];

const checks: Record<string, (stubs: Stubs) => Promise<void>> = {
  async ask(stubs) {
    const answer = await execute(stubs, QUESTION, SOLVER, { prompt: prompt(QUESTION, "Be brief.") });
    assert.match(textOf(answer.messages), /391/);
    assert.equal(answer.model, SOLVER);
    assert.notEqual(answer.requestId, "");
    assert.equal(answer.finishReason, FinishReason.FINISH_REASON_STOP);
    assert(answer.simulated);
    assert(answer.usage && answer.usage.outputTokens > 0n && answer.usage.costMicros && answer.usage.costMicros > 0n);
  },

  async stream(stubs) {
    const received = await collect(executeStream(stubs, QUESTION, SOLVER));
    checkOrder(received);
    const text = received.map(({ event }) => (event?.$case === "textDelta" ? event.value.text : "")).join("");
    assert.match(text, /391/);
    const last = received.at(-1)?.event;
    assert(last?.$case === "completed" && last.value.model === SOLVER);
  },

  async invalid(stubs) {
    const failure = await failureOf(execute(stubs, "", SOLVER), status.INVALID_ARGUMENT, "INVALID_REQUEST");
    assert(failure.violations["prompt.messages"]);
    assert.notEqual(failure.requestId, "");
  },

  async "unknown-model"(stubs) {
    const failure = await failureOf(execute(stubs, QUESTION, "nobody/nothing"), status.NOT_FOUND, "MODEL_NOT_FOUND");
    assert.equal(failure.metadata.model, "nobody/nothing");
  },

  async deadline(stubs) {
    const received: ExecuteStreamResponse[] = [];
    const calling = (async () => {
      for await (const event of executeStream(stubs, "word ".repeat(1000), ECHO, 3)) received.push(event);
    })();
    await failureOf(calling, status.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED");
    checkOrder(received);
    const last = received.at(-1)?.event;
    assert(last?.$case === "truncated" || last?.$case === "cancelled");
    assert.equal(last.value.error?.reason, "DEADLINE_EXCEEDED");
  },

  async cancel(stubs) {
    let id = "";
    for await (const { event } of executeStream(stubs, "word ".repeat(1000), ECHO)) {
      if (event?.$case === "started") id = event.value.requestId;
      if (event?.$case === "textDelta") break; // cancels the call
    }
    while ((await stored(stubs, id))?.status !== ExecutionStatus.EXECUTION_STATUS_CANCELLED) await sleep(50);
  },

  async route(stubs) {
    const request = RouteRequest.create({ prompt: prompt(QUESTION) });
    const { requestId, decision } = await call(stubs.ymera, stubs.ymera.route, request);
    assert(decision && decision.candidates.length > 1 && decision.candidates[0].model && decision.explanation);
    assert.equal((await stored(stubs, requestId))?.status, ExecutionStatus.EXECUTION_STATUS_ROUTED);
  },

  async models({ catalog }) {
    const ids: string[] = [];
    let pageToken = "";
    do {
      const page = await call(catalog, catalog.listModels, ListModelsRequest.create({ pageSize: 3, pageToken }));
      assert(page.models.length <= 3);
      ids.push(...page.models.map((model) => model.id));
      pageToken = page.nextPageToken;
    } while (pageToken);
    assert.deepEqual(ids, [...new Set(ids)].sort());
    assert(ids.includes(SOLVER) && ids.includes(ECHO));
  },

  async execution(stubs) {
    const answer = await execute(stubs, QUESTION, SOLVER);
    const execution = await stored(stubs, answer.requestId);
    assert.equal(execution?.status, ExecutionStatus.EXECUTION_STATUS_COMPLETED);
    assert.equal(execution?.model, SOLVER);
    assert.equal(execution?.usage?.costMicros, answer.usage?.costMicros);
    const request = GetExecutionRequest.create({ requestId: UNKNOWN_ID });
    const calling = call(stubs.routing, stubs.routing.getExecution, request);
    await failureOf(calling, status.NOT_FOUND, "EXECUTION_NOT_FOUND");
  },

  async health({ ymera }) {
    const state = await call(ymera, ymera.health, {});
    const simulator = state.providers.find((each) => each.provider === "simulator");
    assert.equal(simulator?.status, HealthStatus.HEALTH_STATUS_OK);
  },

  async idempotency(stubs) {
    const idempotencyKey = randomUUID();
    const first = await execute(stubs, QUESTION, SOLVER, { idempotencyKey });
    const second = await execute(stubs, QUESTION, SOLVER, { idempotencyKey });
    assert.deepEqual([first.replayed, second.replayed], [false, true]);
    assert.equal(second.requestId, first.requestId);
    const other = execute(stubs, "Something else", SOLVER, { idempotencyKey });
    await failureOf(other, status.INVALID_ARGUMENT, "INVALID_REQUEST");
  },

  async count({ inference }) {
    const request = CountTokensRequest.create({ model: SOLVER, prompt: prompt(QUESTION) });
    const counted = await call(inference, inference.countTokens, request);
    assert(counted.inputTokens > 0n);
    assert.equal(counted.model, SOLVER);
  },

  async large(stubs) {
    const word = "x".repeat(5 * 1024 * 1024);
    assert(textOf((await execute(stubs, word, ECHO)).messages) === word);
  },

  async benchmark({ ymera }) {
    const request = BenchmarkRequest.create({ models: [SOLVER], categories: ["math"], tasksPerCategory: 1 });
    const received = await collect(events(ymera.benchmark(request, { deadline: after(60) })));
    checkOrder(received);
    const last = received.at(-1)?.event;
    assert(last?.$case === "completed");
    assert.deepEqual(
      last.value.scores.map((score) => score.model),
      [SOLVER],
    );
    assert.notEqual(last.value.scores[0].score, undefined);
  },
};

function execute({ ymera }: Stubs, question: string, model: string, more: Partial<ExecuteRequest> = {}) {
  const preferences = { allowModels: [model] };
  const request = { ...ExecuteRequest.fromPartial({ prompt: prompt(question), preferences }), ...more };
  return call(ymera, ymera.execute, request);
}

function executeStream({ ymera }: Stubs, question: string, model: string, seconds = 60) {
  const request = ExecuteStreamRequest.fromPartial({ prompt: prompt(question), preferences: { allowModels: [model] } });
  return events(ymera.executeStream(request, new Metadata(), { deadline: after(seconds) }));
}

async function collect<Event>(stream: AsyncGenerator<Event>): Promise<Event[]> {
  const received: Event[] = [];
  for await (const event of stream) received.push(event);
  return received;
}

/** Fails unless the events are numbered from 1, begin with started and end in exactly one terminal event. */
function checkOrder(received: (ExecuteStreamResponse | BenchmarkResponse)[]) {
  received.forEach(({ sequence, event }, index) => {
    assert.equal(sequence, BigInt(index + 1));
    assert.equal(event?.$case === "started", index === 0);
    assert.equal(TERMINAL.includes(event?.$case ?? ""), index === received.length - 1);
  });
}

/** Returns a stored execution, or undefined if it is not stored yet. */
async function stored({ routing }: Stubs, requestId: string): Promise<Execution | undefined> {
  try {
    return (await call(routing, routing.getExecution, GetExecutionRequest.create({ requestId }))).execution;
  } catch (error) {
    if (error instanceof Failure && error.reason === "EXECUTION_NOT_FOUND") return undefined;
    throw error;
  }
}

async function failureOf(calling: Promise<unknown>, code: status, reason: string): Promise<Failure> {
  const failure = await calling.then(() => assert.fail("the call succeeded"), (error: unknown) => error);
  assert(failure instanceof Failure, String(failure));
  assert.deepEqual([failure.code, failure.reason], [code, reason]);
  return failure;
}

/** Runs a check, for a minute at most. */
async function passes(name: string, check: (stubs: Stubs) => Promise<void>, stubs: Stubs): Promise<boolean> {
  const late = sleep(60_000, undefined, { ref: false }).then(() => assert.fail("not finished after 60 s"));
  try {
    await Promise.race([check(stubs), late]);
    console.log(`ok   ${name}`);
    return true;
  } catch (error) {
    console.log(`FAIL ${name}: ${(error as Error).message.replaceAll("\n", " ")}`);
    return false;
  }
}

const [address] = process.argv.slice(2);
if (!address) throw new Error("usage: conformance ADDRESS");
const stubs = connect(address);
let failed = false;
for (const [name, check] of Object.entries(checks)) failed = !(await passes(name, check, stubs)) || failed;
process.exit(failed ? 1 : 0);
