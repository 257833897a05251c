package ymera

import (
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Error is a call's failure with all that the server told of it. It unwraps to the gRPC status error.
type Error struct {
	// Code is the gRPC status.
	Code codes.Code
	// Reason is the constant that programs branch on, such as "RATE_LIMITED"; the README of the protos lists
	// them. Empty where the server could not be reached.
	Reason string
	// Message is one sentence for people.
	Message string
	// Metadata holds what varies in the message.
	Metadata map[string]string
	// Violations maps fields of the request that are wrong to the remedy.
	Violations map[string]string
	// RetryAfter is the earliest time to try again; 0 where waiting is not known to help.
	RetryAfter time.Duration
	// RequestID finds the call in the server's log.
	RequestID string

	cause error
}

func (e *Error) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("ymera: %s: %s", e.Code, e.Message)
	}
	return fmt.Sprintf("ymera: %s: %s", e.Reason, e.Message)
}

// Unwrap returns the gRPC status error.
func (e *Error) Unwrap() error {
	return e.cause
}

func errorOf(err error) *Error {
	told := status.Convert(err)
	failure := &Error{Code: told.Code(), Message: told.Message(), cause: err}
	for _, detail := range told.Details() {
		failure.take(detail)
	}
	return failure
}

func (e *Error) take(detail any) {
	switch detail := detail.(type) {
	case *errdetails.ErrorInfo:
		e.Reason, e.Metadata = detail.GetReason(), detail.GetMetadata()
	case *errdetails.RetryInfo:
		e.RetryAfter = detail.GetRetryDelay().AsDuration()
	case *errdetails.RequestInfo:
		e.RequestID = detail.GetRequestId()
	case *errdetails.BadRequest:
		e.Violations = make(map[string]string)
		for _, violation := range detail.GetFieldViolations() {
			e.Violations[violation.GetField()] = violation.GetDescription()
		}
	}
}
