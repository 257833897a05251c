package dev.ymera.client;

import dev.ymera.v1.ExecuteStreamRequest;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;

/** Prints an answer as it arrives, then why its model was chosen. */
public final class Example {
  private Example() {}

  public static void main(String[] words) {
    String address = System.getenv().getOrDefault("YMERA_ADDRESS", "127.0.0.1:50051");
    String question = words.length > 0 ? String.join(" ", words) : "Write hello world in Java";
    ExecuteStreamRequest request = ExecuteStreamRequest.newBuilder().setPrompt(Client.prompt(question)).build();
    AtomicReference<String> why = new AtomicReference<>("");
    try (Client client = new Client(address)) {
      client.ymera(Duration.ofMinutes(1)).executeStream(request).forEachRemaining(event -> {
        switch (event.getEventCase()) {
          case STARTED -> why.set(event.getStarted().getDecision().getExplanation());
          case TEXT_DELTA -> System.out.print(event.getTextDelta().getText());
          case COMPLETED -> System.out.printf("%n%n%s%n", why.get());
          default -> { }
        }
      });
    }
  }
}
