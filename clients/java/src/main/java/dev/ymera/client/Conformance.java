package dev.ymera.client;

import static dev.ymera.client.Client.prompt;
import static dev.ymera.client.Client.text;

import dev.ymera.v1.BenchmarkRequest;
import dev.ymera.v1.BenchmarkResponse;
import dev.ymera.v1.CountTokensRequest;
import dev.ymera.v1.CountTokensResponse;
import dev.ymera.v1.ExecuteRequest;
import dev.ymera.v1.ExecuteResponse;
import dev.ymera.v1.ExecuteStreamRequest;
import dev.ymera.v1.ExecuteStreamResponse;
import dev.ymera.v1.ExecutionStatus;
import dev.ymera.v1.Execution;
import dev.ymera.v1.FinishReason;
import dev.ymera.v1.GetExecutionRequest;
import dev.ymera.v1.HealthRequest;
import dev.ymera.v1.HealthStatus;
import dev.ymera.v1.ListModelsRequest;
import dev.ymera.v1.ListModelsResponse;
import dev.ymera.v1.Model;
import dev.ymera.v1.Prompt;
import dev.ymera.v1.Role;
import dev.ymera.v1.RouteRequest;
import dev.ymera.v1.RouteResponse;
import dev.ymera.v1.RoutingPreferences;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.UUID;

/** Runs the checks of ../README.md against a server and prints one line for each. */
public final class Conformance {
  private static final String QUESTION = "What is 17 × 23?";
  private static final String SOLVER = "simulator/sim-large";
  private static final String ECHO = "echo/words";
  private static final String UNKNOWN_ID = "00000000-0000-7000-8000-000000000000";
  private static final Duration LIMIT = Duration.ofMinutes(1);

  private interface Check {
    void run() throws Exception;
  }

  private final Client client;

  private Conformance(Client client) {
    this.client = client;
  }

  public static void main(String[] arguments) {
    try (Client client = new Client(arguments[0])) {
      if (!new Conformance(client).passes()) {
        System.exit(1);
      }
    }
  }

  private boolean passes() {
    Map<String, Check> checks = new LinkedHashMap<>();
    checks.put("ask", this::ask);
    checks.put("stream", this::stream);
    checks.put("invalid", this::invalid);
    checks.put("unknown-model", this::unknownModel);
    checks.put("deadline", this::deadline);
    checks.put("cancel", this::cancel);
    checks.put("route", this::route);
    checks.put("models", this::models);
    checks.put("execution", this::execution);
    checks.put("health", this::health);
    checks.put("idempotency", this::idempotency);
    checks.put("count", this::count);
    checks.put("large", this::large);
    checks.put("benchmark", this::benchmark);
    boolean passed = true;
    for (Map.Entry<String, Check> check : checks.entrySet()) {
      try {
        check.getValue().run();
        System.out.println("ok   " + check.getKey());
      } catch (Exception | AssertionError error) {
        passed = false;
        System.out.println("FAIL " + check.getKey() + ": " + String.valueOf(error.getMessage()).replace('\n', ' '));
      }
    }
    return passed;
  }

  private void ask() {
    Prompt prompt = prompt(QUESTION).toBuilder().addMessages(0, Client.message(Role.ROLE_SYSTEM, "Be brief.")).build();
    ExecuteResponse answer = client.ymera(LIMIT).execute(request(prompt, SOLVER).build());
    expect(text(answer.getMessagesList()).contains("391") && answer.getModel().equals(SOLVER), answer);
    expect(!answer.getRequestId().isEmpty() && answer.getSimulated(), answer);
    expect(answer.getFinishReason() == FinishReason.FINISH_REASON_STOP, answer);
    expect(answer.getUsage().getOutputTokens() > 0 && answer.getUsage().getCostMicros() > 0, answer);
  }

  private void stream() {
    List<ExecuteStreamResponse> received = new ArrayList<>();
    executeStream(QUESTION, SOLVER, LIMIT).forEachRemaining(received::add);
    expectOrder(received);
    StringBuilder text = new StringBuilder();
    received.forEach(event -> text.append(event.getTextDelta().getText()));
    expect(text.toString().contains("391"), text);
    expect(received.get(received.size() - 1).getCompleted().getModel().equals(SOLVER), received);
  }

  private void invalid() {
    Failure failure = failure(() -> execute("", SOLVER), Status.Code.INVALID_ARGUMENT, "INVALID_REQUEST");
    expect(failure.violations().containsKey("prompt.messages") && !failure.requestId().isEmpty(), failure);
  }

  private void unknownModel() {
    Failure failure = failure(() -> execute(QUESTION, "nobody/nothing"), Status.Code.NOT_FOUND, "MODEL_NOT_FOUND");
    expect("nobody/nothing".equals(failure.metadata().get("model")), failure);
  }

  private void deadline() {
    List<ExecuteStreamResponse> received = new ArrayList<>();
    Check late = () -> executeStream("word ".repeat(1000), ECHO, Duration.ofSeconds(3)).forEachRemaining(received::add);
    failure(late, Status.Code.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED");
    expectOrder(received);
    ExecuteStreamResponse last = received.get(received.size() - 1);
    String reason = last.hasTruncated() ? last.getTruncated().getError().getReason()
        : last.getCancelled().getError().getReason();
    expect(reason.equals("DEADLINE_EXCEEDED"), last);
  }

  private void cancel() throws InterruptedException {
    String id = "";
    try (Context.CancellableContext context = Context.current().withCancellation()) {
      Context previous = context.attach();
      try {
        Iterator<ExecuteStreamResponse> events = executeStream("word ".repeat(1000), ECHO, LIMIT);
        for (boolean answered = false; !answered;) {
          ExecuteStreamResponse event = events.next();
          id = event.hasStarted() ? event.getStarted().getRequestId() : id;
          answered = event.hasTextDelta();
        }
      } finally {
        context.detach(previous);
      }
    } // closing the context cancels its calls
    long end = System.nanoTime() + LIMIT.toNanos();
    while (status(id) != ExecutionStatus.EXECUTION_STATUS_CANCELLED) {
      expect(System.nanoTime() < end, status(id));
      Thread.sleep(50);
    }
  }

  private void route() {
    RouteRequest request = RouteRequest.newBuilder().setPrompt(prompt(QUESTION)).build();
    RouteResponse routed = client.ymera(LIMIT).route(request);
    expect(routed.getDecision().getCandidatesCount() > 1, routed);
    expect(!routed.getDecision().getCandidates(0).getModel().isEmpty(), routed);
    expect(!routed.getDecision().getExplanation().isEmpty(), routed);
    expect(status(routed.getRequestId()) == ExecutionStatus.EXECUTION_STATUS_ROUTED, status(routed.getRequestId()));
  }

  private void models() {
    List<String> ids = new ArrayList<>();
    ListModelsRequest.Builder request = ListModelsRequest.newBuilder().setPageSize(3);
    do {
      ListModelsResponse page = client.catalog(LIMIT).listModels(request.build());
      expect(page.getModelsCount() <= 3, page);
      page.getModelsList().stream().map(Model::getId).forEach(ids::add);
      request.setPageToken(page.getNextPageToken());
    } while (!request.getPageToken().isEmpty());
    expect(ids.equals(List.copyOf(new TreeSet<>(ids))) && ids.containsAll(List.of(SOLVER, ECHO)), ids);
  }

  private void execution() {
    ExecuteResponse answer = execute(QUESTION, SOLVER);
    Execution stored = stored(answer.getRequestId());
    expect(stored.getStatus() == ExecutionStatus.EXECUTION_STATUS_COMPLETED, stored);
    expect(stored.getModel().equals(SOLVER), stored);
    expect(stored.getUsage().getCostMicros() == answer.getUsage().getCostMicros(), stored);
    failure(() -> stored(UNKNOWN_ID), Status.Code.NOT_FOUND, "EXECUTION_NOT_FOUND");
  }

  private void health() {
    var health = client.ymera(LIMIT).health(HealthRequest.getDefaultInstance());
    expect(health.getProvidersList().stream().anyMatch(each ->
        each.getProvider().equals("simulator") && each.getStatus() == HealthStatus.HEALTH_STATUS_OK), health);
  }

  private void idempotency() {
    String key = UUID.randomUUID().toString();
    ExecuteRequest request = request(prompt(QUESTION), SOLVER).setIdempotencyKey(key).build();
    ExecuteResponse first = client.ymera(LIMIT).execute(request);
    ExecuteResponse second = client.ymera(LIMIT).execute(request);
    expect(!first.getReplayed() && second.getReplayed(), second);
    expect(second.getRequestId().equals(first.getRequestId()), second);
    ExecuteRequest other = request(prompt("Something else"), SOLVER).setIdempotencyKey(key).build();
    failure(() -> client.ymera(LIMIT).execute(other), Status.Code.INVALID_ARGUMENT, "INVALID_REQUEST");
  }

  private void count() {
    CountTokensRequest request = CountTokensRequest.newBuilder().setModel(SOLVER).setPrompt(prompt(QUESTION)).build();
    CountTokensResponse counted = client.inference(LIMIT).countTokens(request);
    expect(counted.getInputTokens() > 0 && counted.getModel().equals(SOLVER), counted);
  }

  private void large() {
    String word = "x".repeat(5 * 1024 * 1024);
    String answer = text(execute(word, ECHO).getMessagesList());
    expect(answer.equals(word), answer.length());
  }

  private void benchmark() {
    BenchmarkRequest request = BenchmarkRequest.newBuilder()
        .addModels(SOLVER).addCategories("math").setTasksPerCategory(1).build();
    List<BenchmarkResponse> received = new ArrayList<>();
    client.ymera(LIMIT).benchmark(request).forEachRemaining(received::add);
    for (int index = 0; index < received.size(); index++) {
      BenchmarkResponse event = received.get(index);
      boolean last = event.hasCompleted() || event.hasFailed() || event.hasCancelled();
      expectOrder(index, received.size(), event.getSequence(), event.hasStarted(), last);
    }
    BenchmarkResponse last = received.get(received.size() - 1);
    expect(last.getCompleted().getScoresCount() == 1, last);
    expect(last.getCompleted().getScores(0).getModel().equals(SOLVER), last);
    expect(last.getCompleted().getScores(0).hasScore(), last);
  }

  private static ExecuteRequest.Builder request(Prompt prompt, String model) {
    return ExecuteRequest.newBuilder().setPrompt(prompt).setPreferences(only(model));
  }

  private static RoutingPreferences only(String model) {
    return RoutingPreferences.newBuilder().addAllowModels(model).build();
  }

  private ExecuteResponse execute(String question, String model) {
    return client.ymera(LIMIT).execute(request(prompt(question), model).build());
  }

  private Iterator<ExecuteStreamResponse> executeStream(String question, String model, Duration limit) {
    ExecuteStreamRequest request =
        ExecuteStreamRequest.newBuilder().setPrompt(prompt(question)).setPreferences(only(model)).build();
    return client.ymera(limit).executeStream(request);
  }

  private Execution stored(String id) {
    GetExecutionRequest request = GetExecutionRequest.newBuilder().setRequestId(id).build();
    return client.routing(LIMIT).getExecution(request).getExecution();
  }

  /** Returns the status of a stored execution, or UNSPECIFIED if it is not stored yet. */
  private ExecutionStatus status(String id) {
    try {
      return stored(id).getStatus();
    } catch (StatusRuntimeException error) {
      if (error.getStatus().getCode() == Status.Code.NOT_FOUND) {
        return ExecutionStatus.EXECUTION_STATUS_UNSPECIFIED;
      }
      throw error;
    }
  }

  private static void expectOrder(List<ExecuteStreamResponse> received) {
    for (int index = 0; index < received.size(); index++) {
      ExecuteStreamResponse event = received.get(index);
      boolean last = event.hasCompleted() || event.hasTruncated() || event.hasFailed() || event.hasCancelled();
      expectOrder(index, received.size(), event.getSequence(), event.hasStarted(), last);
    }
  }

  /** Fails unless events are numbered from 1, begin with started and end in exactly one terminal event. */
  private static void expectOrder(int index, int count, long sequence, boolean started, boolean terminal) {
    String what = "event %d of %d has number %d".formatted(index + 1, count, sequence);
    expect(sequence == index + 1 && started == (index == 0) && terminal == (index == count - 1), what);
  }

  private static Failure failure(Check call, Status.Code code, String reason) {
    try {
      call.run();
    } catch (StatusRuntimeException error) {
      Failure failure = Failure.of(error);
      expect(failure.code() == code && failure.reason().equals(reason), failure);
      return failure;
    } catch (Exception error) {
      throw new AssertionError(error);
    }
    throw new AssertionError("the call succeeded");
  }

  private static void expect(boolean met, Object what) {
    if (!met) {
      throw new AssertionError(String.valueOf(what));
    }
  }
}
