package dev.ymera.client;

import dev.ymera.v1.CatalogServiceGrpc;
import dev.ymera.v1.FeedbackServiceGrpc;
import dev.ymera.v1.InferenceServiceGrpc;
import dev.ymera.v1.Message;
import dev.ymera.v1.Part;
import dev.ymera.v1.Prompt;
import dev.ymera.v1.Role;
import dev.ymera.v1.RoutingServiceGrpc;
import dev.ymera.v1.UsageServiceGrpc;
import dev.ymera.v1.YmeraServiceGrpc;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

/** A connection to a server. It is safe for concurrent use; closing it ends every call on it. */
public final class Client implements AutoCloseable {
  private final ManagedChannel channel;

  /** Prepares a connection to a server at "host:port"; the first call connects. It is not encrypted. */
  public Client(String address) {
    this(Grpc.newChannelBuilder(address, InsecureChannelCredentials.create())
        .maxInboundMessageSize(Integer.MAX_VALUE) // answers may be larger than gRPC's limit of 4 MiB
        .build());
  }

  /** Uses a channel; let it receive messages of more than 4 MiB. */
  public Client(ManagedChannel channel) {
    this.channel = channel;
  }

  /** Returns the stub of YmeraService for calls that may take this long. */
  public YmeraServiceGrpc.YmeraServiceBlockingStub ymera(Duration limit) {
    return YmeraServiceGrpc.newBlockingStub(channel).withDeadlineAfter(limit);
  }

  /** Returns the stub of CatalogService for calls that may take this long. */
  public CatalogServiceGrpc.CatalogServiceBlockingStub catalog(Duration limit) {
    return CatalogServiceGrpc.newBlockingStub(channel).withDeadlineAfter(limit);
  }

  /** Returns the stub of InferenceService for calls that may take this long. */
  public InferenceServiceGrpc.InferenceServiceBlockingStub inference(Duration limit) {
    return InferenceServiceGrpc.newBlockingStub(channel).withDeadlineAfter(limit);
  }

  /** Returns the stub of RoutingService for calls that may take this long. */
  public RoutingServiceGrpc.RoutingServiceBlockingStub routing(Duration limit) {
    return RoutingServiceGrpc.newBlockingStub(channel).withDeadlineAfter(limit);
  }

  /** Returns the stub of FeedbackService for calls that may take this long. */
  public FeedbackServiceGrpc.FeedbackServiceBlockingStub feedback(Duration limit) {
    return FeedbackServiceGrpc.newBlockingStub(channel).withDeadlineAfter(limit);
  }

  /** Returns the stub of UsageService for calls that may take this long. */
  public UsageServiceGrpc.UsageServiceBlockingStub usage(Duration limit) {
    return UsageServiceGrpc.newBlockingStub(channel).withDeadlineAfter(limit);
  }

  /** Returns a prompt of one message of the user. */
  public static Prompt prompt(String text) {
    return Prompt.newBuilder().addMessages(message(Role.ROLE_USER, text)).build();
  }

  /** Returns a message of one text. */
  public static Message message(Role role, String text) {
    return Message.newBuilder().setRole(role).addParts(Part.newBuilder().setText(text)).build();
  }

  /** Returns the text parts of an answer joined. */
  public static String text(List<Message> messages) {
    return messages.stream()
        .flatMap(message -> message.getPartsList().stream())
        .map(Part::getText)
        .collect(Collectors.joining());
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }
}
