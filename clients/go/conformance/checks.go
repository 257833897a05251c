package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	ymera "github.com/ymera/ymera/clients/go"
	ymerav1 "github.com/ymera/ymera/clients/go/ymera/v1"
)

const (
	question = "What is 17 × 23?"
	solver   = "simulator/sim-large"
	echo     = "echo/words"
)

func ask(ctx context.Context, client *ymera.Client) error {
	answer, err := client.Ask(ctx, question, ymera.WithModels(solver), ymera.WithSystem("Be brief."))
	switch {
	case err != nil:
		return err
	case !strings.Contains(answer.Text(), "391") || answer.GetModel() != solver || answer.GetRequestId() == "":
		return fmt.Errorf("%s answered %q in %q", answer.GetModel(), answer.Text(), answer.GetRequestId())
	case answer.GetFinishReason() != ymerav1.FinishReason_FINISH_REASON_STOP || !answer.GetSimulated():
		return fmt.Errorf("stopped with %v, simulated %v", answer.GetFinishReason(), answer.GetSimulated())
	case answer.GetUsage().GetOutputTokens() == 0 || answer.GetUsage().GetCostMicros() == 0:
		return fmt.Errorf("used %v", answer.GetUsage())
	}
	return nil
}

func stream(ctx context.Context, client *ymera.Client) error {
	var text strings.Builder
	var last *ymerav1.ExecuteStreamResponse
	for event, err := range client.Stream(ctx, question, ymera.WithModels(solver)) {
		if err != nil {
			return err
		}
		if event.GetSequence() != last.GetSequence()+1 || (last == nil) != (event.GetStarted() != nil) || isTerminal(last) {
			return fmt.Errorf("%v followed %v", event, last)
		}
		text.WriteString(event.GetTextDelta().GetText())
		last = event
	}
	if last.GetCompleted().GetModel() != solver || !strings.Contains(text.String(), "391") {
		return fmt.Errorf("ended with %v after %q", last, text.String())
	}
	return nil
}

func invalid(ctx context.Context, client *ymera.Client) error {
	_, err := client.Ask(ctx, "")
	failure, err := failureOf(err, codes.InvalidArgument, "INVALID_REQUEST")
	if err != nil {
		return err
	}
	if failure.Violations["prompt.messages"] == "" || failure.RequestID == "" {
		return fmt.Errorf("got the violations %v of request %q", failure.Violations, failure.RequestID)
	}
	return nil
}

func unknownModel(ctx context.Context, client *ymera.Client) error {
	_, err := client.Ask(ctx, question, ymera.WithModels("nobody/nothing"))
	failure, err := failureOf(err, codes.NotFound, "MODEL_NOT_FOUND")
	if err == nil && failure.Metadata["model"] != "nobody/nothing" {
		return fmt.Errorf("got the metadata %v", failure.Metadata)
	}
	return err
}

func deadline(ctx context.Context, client *ymera.Client) error {
	ctx, stop := context.WithTimeout(ctx, 3*time.Second)
	defer stop()
	var last *ymerav1.ExecuteStreamResponse
	for event, err := range client.Stream(ctx, strings.Repeat("word ", 1000), ymera.WithModels(echo)) {
		if err != nil {
			_, err = failureOf(err, codes.DeadlineExceeded, "DEADLINE_EXCEEDED")
			if err == nil && last.GetCancelled().GetError().GetReason() != "DEADLINE_EXCEEDED" &&
				last.GetTruncated().GetError().GetReason() != "DEADLINE_EXCEEDED" {
				return fmt.Errorf("the last event was %v", last)
			}
			return err
		}
		last = event
	}
	return fmt.Errorf("the stream ended with %v", last)
}

func cancel(ctx context.Context, client *ymera.Client) error {
	var id string
	for event, err := range client.Stream(ctx, strings.Repeat("word ", 1000), ymera.WithModels(echo)) {
		if err != nil {
			return err
		}
		if event.GetStarted() != nil {
			id = event.GetStarted().GetRequestId()
		}
		if event.GetTextDelta() != nil {
			break // cancels the call
		}
	}
	for {
		stored, err := client.Routing.GetExecution(ctx, &ymerav1.GetExecutionRequest{RequestId: id})
		if stored.GetExecution().GetStatus() == ymerav1.ExecutionStatus_EXECUTION_STATUS_CANCELLED {
			return nil
		}
		if err != nil && status.Code(err) != codes.NotFound { // not stored yet
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func route(ctx context.Context, client *ymera.Client) error {
	request := &ymerav1.RouteRequest{Prompt: prompt(question)}
	routed, err := client.Route(ctx, request)
	if err != nil {
		return err
	}
	candidates := routed.GetDecision().GetCandidates()
	if len(candidates) < 2 || candidates[0].GetModel() == "" || routed.GetDecision().GetExplanation() == "" {
		return fmt.Errorf("decided %v", routed.GetDecision())
	}
	stored, err := client.Routing.GetExecution(ctx, &ymerav1.GetExecutionRequest{RequestId: routed.GetRequestId()})
	if err == nil && stored.GetExecution().GetStatus() != ymerav1.ExecutionStatus_EXECUTION_STATUS_ROUTED {
		return fmt.Errorf("stored as %v", stored.GetExecution().GetStatus())
	}
	return err
}

func models(ctx context.Context, client *ymera.Client) error {
	var ids []string
	request := &ymerav1.ListModelsRequest{PageSize: 3}
	for more := true; more; more = request.PageToken != "" {
		page, err := client.Catalog.ListModels(ctx, request)
		if err != nil {
			return err
		}
		for _, model := range page.GetModels() {
			ids = append(ids, model.GetId())
		}
		if len(page.GetModels()) > 3 {
			return fmt.Errorf("a page of %d models", len(page.GetModels()))
		}
		request.PageToken = page.GetNextPageToken()
	}
	sorted := slices.Compact(slices.Sorted(slices.Values(ids)))
	if !slices.Equal(ids, sorted) || !slices.Contains(ids, solver) || !slices.Contains(ids, echo) {
		return fmt.Errorf("listed %v", ids)
	}
	return nil
}

func execution(ctx context.Context, client *ymera.Client) error {
	answer, err := client.Ask(ctx, question, ymera.WithModels(solver))
	if err != nil {
		return err
	}
	got, err := client.Routing.GetExecution(ctx, &ymerav1.GetExecutionRequest{RequestId: answer.GetRequestId()})
	if err != nil {
		return err
	}
	stored := got.GetExecution()
	if stored.GetStatus() != ymerav1.ExecutionStatus_EXECUTION_STATUS_COMPLETED || stored.GetModel() != solver ||
		stored.GetUsage().GetCostMicros() != answer.GetUsage().GetCostMicros() {
		return fmt.Errorf("stored %v", stored)
	}
	_, err = client.Routing.GetExecution(ctx, &ymerav1.GetExecutionRequest{RequestId: unknownID})
	_, err = failureOf(ymera.ErrorOf(err), codes.NotFound, "EXECUTION_NOT_FOUND")
	return err
}

const unknownID = "00000000-0000-7000-8000-000000000000"

func health(ctx context.Context, client *ymera.Client) error {
	state, err := client.Health(ctx, &ymerav1.HealthRequest{})
	if err != nil {
		return err
	}
	for _, provider := range state.GetProviders() {
		if provider.GetProvider() == "simulator" && provider.GetStatus() == ymerav1.HealthStatus_HEALTH_STATUS_OK {
			return nil
		}
	}
	return fmt.Errorf("the simulator is not reported as OK: %v", state)
}

func idempotency(ctx context.Context, client *ymera.Client) error {
	request := &ymerav1.ExecuteRequest{Prompt: prompt(question), IdempotencyKey: rand.Text()}
	first, err := client.Execute(ctx, request)
	if err != nil {
		return err
	}
	second, err := client.Execute(ctx, request)
	if err != nil {
		return err
	}
	if first.GetReplayed() || !second.GetReplayed() || second.GetRequestId() != first.GetRequestId() {
		return fmt.Errorf("got %q, then %q, replayed %v", first.GetRequestId(), second.GetRequestId(), second.GetReplayed())
	}
	request.Prompt = prompt("Something else")
	_, err = client.Execute(ctx, request)
	_, err = failureOf(ymera.ErrorOf(err), codes.InvalidArgument, "INVALID_REQUEST")
	return err
}

func count(ctx context.Context, client *ymera.Client) error {
	request := &ymerav1.CountTokensRequest{Model: solver, Prompt: prompt(question)}
	counted, err := client.Inference.CountTokens(ctx, request)
	if err == nil && (counted.GetInputTokens() == 0 || counted.GetModel() != solver) {
		return fmt.Errorf("counted %v", counted)
	}
	return err
}

func large(ctx context.Context, client *ymera.Client) error {
	word := strings.Repeat("x", 5<<20)
	answer, err := client.Ask(ctx, word, ymera.WithModels(echo))
	if err == nil && answer.Text() != word {
		return fmt.Errorf("got %d bytes of %d", len(answer.Text()), len(word))
	}
	return err
}

func benchmark(ctx context.Context, client *ymera.Client) error {
	request := &ymerav1.BenchmarkRequest{Models: []string{solver}, Categories: []string{"math"}, TasksPerCategory: 1}
	events, err := client.Benchmark(ctx, request)
	if err != nil {
		return err
	}
	var last *ymerav1.BenchmarkResponse
	for {
		event, err := events.Recv()
		if err != nil {
			break
		}
		if event.GetSequence() != last.GetSequence()+1 || (last == nil) != (event.GetStarted() != nil) ||
			last.GetCompleted() != nil || last.GetFailed() != nil || last.GetCancelled() != nil {
			return fmt.Errorf("%v followed %v", event, last)
		}
		last = event
	}
	scores := last.GetCompleted().GetScores()
	if len(scores) != 1 || scores[0].GetModel() != solver || scores[0].Score == nil {
		return fmt.Errorf("ended with %v", last)
	}
	return nil
}

func isTerminal(event *ymerav1.ExecuteStreamResponse) bool {
	return event.GetCompleted() != nil || event.GetTruncated() != nil || event.GetFailed() != nil ||
		event.GetCancelled() != nil
}

func prompt(text string) *ymerav1.Prompt {
	part := &ymerav1.Part{Kind: &ymerav1.Part_Text{Text: text}}
	message := &ymerav1.Message{Role: ymerav1.Role_ROLE_USER, Parts: []*ymerav1.Part{part}}
	return &ymerav1.Prompt{Messages: []*ymerav1.Message{message}}
}

// failureOf returns the details of an error if it has the code and reason.
func failureOf(err error, code codes.Code, reason string) (*ymera.Error, error) {
	var failure *ymera.Error
	if !errors.As(err, &failure) || failure.Code != code || failure.Reason != reason {
		return nil, fmt.Errorf("expected %v (%s), got %v", code, reason, err)
	}
	return failure, nil
}
