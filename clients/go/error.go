package ymera

import (
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Error is the error of a call, with all details that the server reported. It unwraps to the gRPC status error.
type Error struct {
	// Code is the gRPC status code.
	Code codes.Code
	// Reason is the constant that programs branch on, such as "RATE_LIMITED"; the README of the protos lists
	// them. Empty if the server could not be reached.
	Reason string
	// Message is one sentence for people.
	Message string
	// Metadata holds the variable parts of the message.
	Metadata map[string]string
	// Violations maps each invalid field of the request to a description of what is wrong.
	Violations map[string]string
	// RetryAfter is the time to wait before a retry; 0 if waiting is not known to help.
	RetryAfter time.Duration
	// RequestID identifies the call in the server's log.
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

// ErrorOf returns what a server reported with the error of a call. Ask and Stream return it themselves; it is for the
// methods of the generated stubs.
func ErrorOf(err error) *Error {
	reported := status.Convert(err)
	converted := &Error{Code: reported.Code(), Message: reported.Message(), cause: err}
	for _, detail := range reported.Details() {
		converted.add(detail)
	}
	return converted
}

func (e *Error) add(detail any) {
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
