using Messaging.Contracts.Http;

namespace Messaging.Producer.OpenApi;

/// <summary>What several operations have in common.</summary>
internal static class CommonDescriptions
{
    /// <summary>An operation on one task.</summary>
    public static Description OfTask(this Description operation) =>
        operation.Path("id", Shape.Uuid, "The task.").Refuses(ProblemTypes.UnknownTask);

    /// <summary>An operation on one receiver of callbacks.</summary>
    public static Description OfEndpoint(this Description operation) =>
        operation.Path("name", Shape.Text, "What tasks call it by.").Refuses(ProblemTypes.UnknownCallbackEndpoint, StatusCodes.Status404NotFound);

    /// <summary>An action whose body only says why.</summary>
    public static Description TakesReason(this Description operation) =>
        operation.Takes<ActionBody>("Why; may be left out.", new ActionBody("wrong customer"), required: false);

    /// <summary>The filter of dead letters.</summary>
    public static Description DeadLetterFilter(this Description operation) => operation
        .Query("kind", Shape.Text, "Only tasks of this kind.")
        .Query("queue", Shape.Text, "Only tasks of this queue.")
        .Query("fingerprint", new Shape("""{"type":"string","pattern":"^[0-9a-f]{16}$"}"""), "Only failures of this cause.")
        .Query("tag", Shape.Text, "Only tasks with this tag.")
        .Query("finishedAfter", Shape.Time, "Only what failed then or later.")
        .Query("finishedBefore", Shape.Time, "Only what failed earlier.");

    /// <summary>An event stream.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="data">What stands in the data of its events.</param>
    /// <param name="text">When it comes.</param>
    public static Description Streams(this Description operation, Shape data, string text) => operation
        .Header("Last-Event-ID", Shape.Text, "Goes on behind this event; an `EventSource` sends it by itself when it reconnects.")
        .Query("lastEventId", Shape.Text, "The same for those that can't set the header.")
        .Gives(200, text, new Content("text/event-stream", data, Examples.TaskEvents))
        .Refuses(ProblemTypes.TooManyStreams);

    /// <summary>A request that may wait.</summary>
    public static Description Prefers(this Description operation) => operation
        .Header("Prefer", Shape.Text, $"`wait=10` (RFC 7240): answer when the task has ended, at most 10 seconds later, never more than {Shape.LongestWait}. `respond-async`: what happens anyway.");
}
