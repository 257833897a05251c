package dev.ymera.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.BadRequest.FieldViolation;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RequestInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What a server reported with the error of a call.
 *
 * @param code the status
 * @param reason the constant that programs branch on; empty if the server could not be reached
 * @param metadata the variable parts of the message
 * @param violations what is wrong with each invalid field of the request
 * @param retryAfter how long to wait before a retry; empty if waiting is not known to help
 * @param requestId identifies the call in the server's log
 */
public record Failure(
    Status.Code code,
    String reason,
    Map<String, String> metadata,
    Map<String, String> violations,
    Optional<Duration> retryAfter,
    String requestId) {

  /** Returns what was reported with an error. */
  public static Failure of(StatusRuntimeException error) {
    com.google.rpc.Status reported = StatusProto.fromThrowable(error);
    ErrorInfo info = detail(reported, ErrorInfo.class).orElse(ErrorInfo.getDefaultInstance());
    BadRequest invalid = detail(reported, BadRequest.class).orElse(BadRequest.getDefaultInstance());
    return new Failure(
        error.getStatus().getCode(),
        info.getReason(),
        info.getMetadataMap(),
        invalid.getFieldViolationsList().stream()
            .collect(Collectors.toMap(FieldViolation::getField, FieldViolation::getDescription, (one, other) -> other)),
        detail(reported, RetryInfo.class).map(RetryInfo::getRetryDelay)
            .map(delay -> Duration.ofSeconds(delay.getSeconds(), delay.getNanos())),
        detail(reported, RequestInfo.class).map(RequestInfo::getRequestId).orElse(""));
  }

  private static <T extends com.google.protobuf.Message> Optional<T> detail(
      com.google.rpc.Status reported, Class<T> kind) {
    try {
      for (Any detail : reported.getDetailsList()) {
        if (detail.is(kind)) {
          return Optional.of(detail.unpack(kind));
        }
      }
      return Optional.empty();
    } catch (InvalidProtocolBufferException error) {
      throw new IllegalStateException("the server sent an invalid " + kind.getSimpleName(), error);
    }
  }
}
