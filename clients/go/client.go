// Package ymera is a client for a Ymera server: one call, answered by the best model for the task.
//
// The generated stubs are in package ymerav1. A Client embeds the stub of YmeraService, so that every method of
// that service can be called on it.
package ymera

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	ymerav1 "github.com/ymera/ymera/clients/go/ymera/v1"
)

// Client is a connection to a server. It is safe for concurrent use.
type Client struct {
	ymerav1.YmeraServiceClient
	// Catalog lists the models.
	Catalog ymerav1.CatalogServiceClient
	// Inference does other work than answering, such as embeddings.
	Inference ymerav1.InferenceServiceClient
	// Routing returns past executions.
	Routing ymerav1.RoutingServiceClient
	// Feedback takes judgements of answers.
	Feedback ymerav1.FeedbackServiceClient
	// Usage sums what was consumed.
	Usage ymerav1.UsageServiceClient
	// Admin lists the server's plugins.
	Admin ymerav1.AdminServiceClient

	connection *grpc.ClientConn
}

// Dial prepares a connection to a server at "host:port" or "unix:/path"; the first call connects.
// The connection is not encrypted unless an option such as grpc.WithTransportCredentials is given. Answers may be of any
// size: gRPC's limit of 4 MiB does not apply.
func Dial(address string, options ...grpc.DialOption) (*Client, error) {
	plain := grpc.WithTransportCredentials(insecure.NewCredentials())
	unlimited := grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(math.MaxInt32))
	connection, err := grpc.NewClient(address, append([]grpc.DialOption{plain, unlimited}, options...)...)
	if err != nil {
		return nil, fmt.Errorf("ymera: address %q: %w", address, err)
	}
	return &Client{
		YmeraServiceClient: ymerav1.NewYmeraServiceClient(connection),
		Catalog:            ymerav1.NewCatalogServiceClient(connection),
		Inference:          ymerav1.NewInferenceServiceClient(connection),
		Routing:            ymerav1.NewRoutingServiceClient(connection),
		Feedback:           ymerav1.NewFeedbackServiceClient(connection),
		Usage:              ymerav1.NewUsageServiceClient(connection),
		Admin:              ymerav1.NewAdminServiceClient(connection),
		connection:         connection,
	}, nil
}

// Close closes the connection and ends every call on it.
func (c *Client) Close() error {
	return c.connection.Close()
}

// Answer is the answer of a model, with the decision and the attempts that led to it.
type Answer struct {
	*ymerav1.ExecuteResponse
}

// Text returns all text parts of the answer's messages joined.
func (a Answer) Text() string {
	var text strings.Builder
	for _, message := range a.GetMessages() {
		for _, part := range message.GetParts() {
			text.WriteString(part.GetText())
		}
	}
	return text.String()
}

// Option changes the prompt or the routing preferences of a request.
type Option func(*ymerav1.Prompt, *ymerav1.RoutingPreferences)

// WithSystem puts system instructions before the conversation.
func WithSystem(text string) Option {
	return func(prompt *ymerav1.Prompt, _ *ymerav1.RoutingPreferences) {
		prompt.Messages = append([]*ymerav1.Message{message(ymerav1.Role_ROLE_SYSTEM, text)}, prompt.Messages...)
	}
}

// WithModels allows only these models: ids, names without a provider, or patterns such as "anthropic/*".
func WithModels(patterns ...string) Option {
	return func(_ *ymerav1.Prompt, preferences *ymerav1.RoutingPreferences) {
		preferences.AllowModels = patterns
	}
}

// Ask returns the whole answer to one question. A failure is an *Error.
func (c *Client) Ask(ctx context.Context, question string, options ...Option) (Answer, error) {
	prompt, preferences := request(question, options)
	response, err := c.Execute(ctx, &ymerav1.ExecuteRequest{Prompt: prompt, Preferences: preferences})
	if err != nil {
		return Answer{}, ErrorOf(err)
	}
	return Answer{response}, nil
}

// Stream yields the events of an answer as they arrive. If the call fails, the last pair holds an *Error.
// Leaving the loop early cancels the call, and with it the provider's.
func (c *Client) Stream(
	ctx context.Context, question string, options ...Option,
) iter.Seq2[*ymerav1.ExecuteStreamResponse, error] {
	return func(yield func(*ymerav1.ExecuteStreamResponse, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		prompt, preferences := request(question, options)
		stream, err := c.ExecuteStream(ctx, &ymerav1.ExecuteStreamRequest{Prompt: prompt, Preferences: preferences})
		if err != nil {
			yield(nil, ErrorOf(err))
			return
		}
		receive(stream, yield)
	}
}

func request(question string, options []Option) (*ymerav1.Prompt, *ymerav1.RoutingPreferences) {
	prompt := &ymerav1.Prompt{Messages: []*ymerav1.Message{message(ymerav1.Role_ROLE_USER, question)}}
	preferences := &ymerav1.RoutingPreferences{}
	for _, option := range options {
		option(prompt, preferences)
	}
	return prompt, preferences
}

func message(role ymerav1.Role, text string) *ymerav1.Message {
	part := &ymerav1.Part{Kind: &ymerav1.Part_Text{Text: text}}
	return &ymerav1.Message{Role: role, Parts: []*ymerav1.Part{part}}
}

func receive(
	stream grpc.ServerStreamingClient[ymerav1.ExecuteStreamResponse],
	yield func(*ymerav1.ExecuteStreamResponse, error) bool,
) {
	for {
		event, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			yield(nil, ErrorOf(err))
			return
		}
		if !yield(event, nil) {
			return
		}
	}
}
