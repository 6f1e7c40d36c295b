using System.Text.Json;
using Messaging.Contracts.Http;

namespace Messaging.Contracts.Client.Http;

/// <summary>One task of a batch on its way: the line that is sent, and what was said to it.</summary>
/// <param name="Json">The request, on one line.</param>
/// <param name="Key">Its idempotency key; null: it has none.</param>
internal sealed record BatchLine(byte[] Json, string? Key)
{
    /// <summary>The task.</summary>
    public Guid? Id { get; set; }

    /// <summary>True if the key had made the task before.</summary>
    public bool IsReplayed { get; set; }

    /// <summary>Why there is none.</summary>
    public MessagingClientException? Error { get; set; }

    /// <summary>What was said of it that may pass.</summary>
    public Problem? Passing { get; set; }

    /// <summary>True if nothing more is to be done.</summary>
    public bool IsSettled => Id is not null || Error is not null;

    /// <summary>Writes a request on one line.</summary>
    public static BatchLine Of(SubmitTaskRequest request)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(request, HttpJson.Options);
        // Inputs are sent as they are; in JSON a line break can only be white space between two tokens.
        json.AsSpan().Replace((byte)'\n', (byte)' ');
        json.AsSpan().Replace((byte)'\r', (byte)' ');
        return new BatchLine(json, request.IdempotencyKey);
    }

    /// <summary>Takes what a Producer said.</summary>
    public void Take(BatchAnswer answer)
    {
        if (answer.Id is { } id)
        {
            (Id, IsReplayed) = (id, answer.Replayed == true);
            return;
        }

        var problem = answer.Problem ?? new Problem { Type = "about:blank", Title = "Refused", Status = answer.Status };
        var trouble = new Trouble(problem, null);
        // Without a key a 503 may be a commit whose answer was lost.
        if (trouble.MayPass && (Key is not null || trouble.DidNothing))
            Passing = problem;
        else
            Error = new ProblemException(problem);
    }
}
