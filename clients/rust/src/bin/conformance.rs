//! Runs the checks of ../README.md against a server and prints one line for each:
//! `cargo run --bin conformance 127.0.0.1:50051`.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::future::Future;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use tonic::{Code, Status};
use ymera_client::v1::{self, benchmark_response, execute_stream_response::Event, ExecutionStatus};
use ymera_client::{message, prompt, text_of, within, Client, Failure};

const QUESTION: &str = "What is 17 × 23?";
const SOLVER: &str = "simulator/sim-large";
const ECHO: &str = "echo/words";
const UNKNOWN_ID: &str = "00000000-0000-7000-8000-000000000000";
const LIMIT: Duration = Duration::from_secs(60);

/// What differs from the contract.
struct Difference(String);

type Outcome<T = ()> = Result<T, Difference>;

impl From<Status> for Difference {
    fn from(status: Status) -> Self {
        Self(format!("{:?}", Failure::from(&status)))
    }
}

fn expect(met: bool, what: impl Debug) -> Outcome {
    if met {
        Ok(())
    } else {
        Err(Difference(format!("{what:?}")))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(client) = std::env::args().nth(1).and_then(|address| Client::new(&address).ok()) else {
        eprintln!("usage: conformance ADDRESS");
        return ExitCode::from(2);
    };
    let passed = [
        run("ask", ask(client.clone())).await,
        run("stream", stream(client.clone())).await,
        run("invalid", invalid(client.clone())).await,
        run("unknown-model", unknown_model(client.clone())).await,
        run("deadline", deadline(client.clone())).await,
        run("cancel", cancel(client.clone())).await,
        run("route", route(client.clone())).await,
        run("models", models(client.clone())).await,
        run("execution", execution(client.clone())).await,
        run("health", health(client.clone())).await,
        run("idempotency", idempotency(client.clone())).await,
        run("count", count(client.clone())).await,
        run("large", large(client.clone())).await,
        run("benchmark", benchmark(client)).await,
    ];
    ExitCode::from(u8::from(passed.contains(&false)))
}

async fn run(name: &str, check: impl Future<Output = Outcome>) -> bool {
    let late = |_| Err(Difference(format!("not finished after {LIMIT:?}")));
    match tokio::time::timeout(LIMIT, check).await.unwrap_or_else(late) {
        Ok(()) => println!("ok   {name}"),
        Err(Difference(what)) => {
            println!("FAIL {name}: {what}");
            return false;
        }
    }
    true
}

async fn ask(mut client: Client) -> Outcome {
    let mut request = request(QUESTION, SOLVER);
    request.prompt.get_or_insert_default().messages.insert(0, message(v1::Role::System, "Be brief."));
    let answer = client.ymera.execute(within(LIMIT, request)).await?.into_inner();
    expect(text_of(&answer.messages).contains("391") && answer.model == SOLVER, &answer)?;
    expect(!answer.request_id.is_empty() && answer.simulated, &answer)?;
    expect(answer.finish_reason() == v1::FinishReason::Stop, &answer)?;
    let usage = answer.usage.unwrap_or_default();
    expect(usage.output_tokens > 0 && usage.cost_micros() > 0, usage)
}

async fn stream(client: Client) -> Outcome {
    let (received, status) = execute_stream(client, QUESTION, SOLVER, LIMIT).await?;
    expect(status.code() == Code::Ok, status)?;
    expect_order(&received)?;
    let text: String = received.iter().filter_map(|event| text_delta(event)).collect();
    expect(text.contains("391"), &text)?;
    match received.last().and_then(|last| last.event.as_ref()) {
        Some(Event::Completed(completed)) => expect(completed.model == SOLVER, completed),
        last => expect(false, last),
    }
}

async fn invalid(mut client: Client) -> Outcome {
    let result = client.ymera.execute(within(LIMIT, request("", SOLVER))).await;
    let failure = failure(result.err(), Code::InvalidArgument, "INVALID_REQUEST")?;
    expect(failure.violations.contains_key("prompt.messages") && !failure.request_id.is_empty(), &failure)
}

async fn unknown_model(mut client: Client) -> Outcome {
    let result = client.ymera.execute(within(LIMIT, request(QUESTION, "nobody/nothing"))).await;
    let failure = failure(result.err(), Code::NotFound, "MODEL_NOT_FOUND")?;
    expect(failure.metadata.get("model").is_some_and(|model| model == "nobody/nothing"), &failure)
}

async fn deadline(client: Client) -> Outcome {
    let (received, status) = execute_stream(client, &"word ".repeat(1000), ECHO, Duration::from_secs(3)).await?;
    failure(Some(status), Code::DeadlineExceeded, "DEADLINE_EXCEEDED")?;
    expect_order(&received)?;
    let error = match received.last().and_then(|last| last.event.clone()) {
        Some(Event::Truncated(truncated)) => truncated.error,
        Some(Event::Cancelled(cancelled)) => cancelled.error,
        _ => None,
    };
    expect(error.as_ref().is_some_and(|error| error.reason == "DEADLINE_EXCEEDED"), received.last())
}

async fn cancel(mut client: Client) -> Outcome {
    let request = stream_request(&"word ".repeat(1000), ECHO);
    let mut events = client.ymera.execute_stream(within(LIMIT, request)).await?.into_inner();
    let mut id = String::new();
    while let Some(event) = events.message().await? {
        match event.event {
            Some(Event::Started(started)) => id = started.request_id,
            Some(Event::TextDelta(_)) => break,
            _ => {}
        }
    }
    drop(events); // cancels the call
    while status_of(&mut client, &id).await? != Some(ExecutionStatus::Cancelled) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

async fn route(mut client: Client) -> Outcome {
    let request = v1::RouteRequest { prompt: Some(prompt(QUESTION)), ..Default::default() };
    let routed = client.ymera.route(within(LIMIT, request)).await?.into_inner();
    let decision = routed.decision.unwrap_or_default();
    expect(decision.candidates.len() > 1 && !decision.candidates[0].model.is_empty(), &decision)?;
    expect(!decision.explanation.is_empty(), &decision)?;
    let status = status_of(&mut client, &routed.request_id).await?;
    expect(status == Some(ExecutionStatus::Routed), status)
}

async fn models(mut client: Client) -> Outcome {
    let mut ids = Vec::new();
    let mut request = v1::ListModelsRequest { page_size: 3, ..Default::default() };
    loop {
        let page = client.catalog.list_models(within(LIMIT, request.clone())).await?.into_inner();
        expect(page.models.len() <= 3, &page)?;
        ids.extend(page.models.into_iter().map(|model| model.id));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    let sorted: Vec<String> = ids.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect();
    expect(ids == sorted && [SOLVER, ECHO].iter().all(|id| ids.iter().any(|each| each == id)), &ids)
}

async fn execution(mut client: Client) -> Outcome {
    let answer = client.ymera.execute(within(LIMIT, request(QUESTION, SOLVER))).await?.into_inner();
    let stored = stored(&mut client, &answer.request_id).await?;
    expect(stored.status() == ExecutionStatus::Completed && stored.model == SOLVER, &stored)?;
    expect(stored.usage == answer.usage, stored.usage)?;
    let result = self::stored(&mut client, UNKNOWN_ID).await;
    failure(result.err(), Code::NotFound, "EXECUTION_NOT_FOUND").map(drop)
}

async fn health(mut client: Client) -> Outcome {
    let state = client.ymera.health(within(LIMIT, v1::HealthRequest::default())).await?.into_inner();
    let simulator = state.providers.iter().find(|each| each.provider == "simulator");
    expect(simulator.is_some_and(|each| each.status() == v1::HealthStatus::Ok), &state)
}

async fn idempotency(mut client: Client) -> Outcome {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_nanos();
    let request = v1::ExecuteRequest { idempotency_key: format!("rust-{now}"), ..request(QUESTION, SOLVER) };
    let first = client.ymera.execute(within(LIMIT, request.clone())).await?.into_inner();
    let second = client.ymera.execute(within(LIMIT, request.clone())).await?.into_inner();
    expect(!first.replayed && second.replayed && second.request_id == first.request_id, &second)?;
    let other = v1::ExecuteRequest { prompt: Some(prompt("Something else")), ..request };
    let result = client.ymera.execute(within(LIMIT, other)).await;
    failure(result.err(), Code::InvalidArgument, "INVALID_REQUEST").map(drop)
}

async fn count(mut client: Client) -> Outcome {
    let request =
        v1::CountTokensRequest { model: SOLVER.to_owned(), prompt: Some(prompt(QUESTION)), ..Default::default() };
    let counted = client.inference.count_tokens(within(LIMIT, request)).await?.into_inner();
    expect(counted.input_tokens > 0 && counted.model == SOLVER, &counted)
}

async fn large(mut client: Client) -> Outcome {
    let word = "x".repeat(5 << 20);
    let answer = client.ymera.execute(within(LIMIT, request(&word, ECHO))).await?.into_inner();
    let text = text_of(&answer.messages);
    expect(text == word, text.len())
}

async fn benchmark(mut client: Client) -> Outcome {
    use benchmark_response::Event;
    let request = v1::BenchmarkRequest {
        models: vec![SOLVER.to_owned()],
        categories: vec!["math".to_owned()],
        tasks_per_category: 1,
        ..Default::default()
    };
    let mut events = client.ymera.benchmark(within(LIMIT, request)).await?.into_inner();
    let mut kinds = Vec::new();
    let mut last = None;
    while let Some(event) = events.message().await? {
        let is_terminal = matches!(event.event, Some(Event::Completed(_) | Event::Failed(_) | Event::Cancelled(_)));
        kinds.push((event.sequence, matches!(event.event, Some(Event::Started(_))), is_terminal));
        last = event.event;
    }
    expect_numbered(&kinds)?;
    let Some(Event::Completed(completed)) = last else { return expect(false, last) };
    let scores = &completed.scores;
    expect(scores.len() == 1 && scores[0].model == SOLVER && scores[0].score.is_some(), scores)
}

fn request(question: &str, model: &str) -> v1::ExecuteRequest {
    v1::ExecuteRequest { prompt: Some(prompt(question)), preferences: Some(only(model)), ..Default::default() }
}

fn stream_request(question: &str, model: &str) -> v1::ExecuteStreamRequest {
    v1::ExecuteStreamRequest { prompt: Some(prompt(question)), preferences: Some(only(model)), ..Default::default() }
}

fn only(model: &str) -> v1::RoutingPreferences {
    v1::RoutingPreferences { allow_models: vec![model.to_owned()], ..Default::default() }
}

/// Returns all events of an answer, and the status after them.
async fn execute_stream(
    mut client: Client,
    question: &str,
    model: &str,
    limit: Duration,
) -> Outcome<(Vec<v1::ExecuteStreamResponse>, Status)> {
    let request = within(limit, stream_request(question, model));
    let mut events = client.ymera.execute_stream(request).await?.into_inner();
    let mut received = Vec::new();
    loop {
        match events.message().await {
            Ok(Some(event)) => received.push(event),
            Ok(None) => return Ok((received, Status::ok(""))),
            Err(status) => return Ok((received, status)),
        }
    }
}

fn text_delta(event: &v1::ExecuteStreamResponse) -> Option<&str> {
    match &event.event {
        Some(Event::TextDelta(delta)) => Some(&delta.text),
        _ => None,
    }
}

fn expect_order(received: &[v1::ExecuteStreamResponse]) -> Outcome {
    let kinds = received.iter().map(|event| {
        let is_terminal = matches!(
            event.event,
            Some(Event::Completed(_) | Event::Truncated(_) | Event::Failed(_) | Event::Cancelled(_))
        );
        (event.sequence, matches!(event.event, Some(Event::Started(_))), is_terminal)
    });
    expect_numbered(&kinds.collect::<Vec<_>>())
}

/// Fails unless events are numbered from 1, begin with started and end in exactly one terminal event.
fn expect_numbered(kinds: &[(i64, bool, bool)]) -> Outcome {
    let expected = (1..).zip(kinds).map(|(number, _)| (number, number == 1, number == kinds.len() as i64));
    expect(expected.eq(kinds.iter().copied()) && !kinds.is_empty(), kinds)
}

async fn stored(client: &mut Client, id: &str) -> Result<v1::Execution, Status> {
    let request = v1::GetExecutionRequest { request_id: id.to_owned(), ..Default::default() };
    let response = client.routing.get_execution(within(LIMIT, request)).await?.into_inner();
    Ok(response.execution.unwrap_or_default())
}

/// Returns the status of an execution, or None if it is not stored yet.
async fn status_of(client: &mut Client, id: &str) -> Outcome<Option<ExecutionStatus>> {
    match stored(client, id).await {
        Ok(execution) => Ok(Some(execution.status())),
        Err(status) if status.code() == Code::NotFound => Ok(None),
        Err(status) => Err(status.into()),
    }
}

fn failure(status: Option<Status>, code: Code, reason: &str) -> Outcome<Failure> {
    let Some(status) = status else { return Err(Difference("the call succeeded".to_owned())) };
    let failure = Failure::from(&status);
    expect(failure.code == code && failure.reason == reason, &failure)?;
    Ok(failure)
}
