namespace Messaging.Contracts.Client.Http;

/// <summary>A request that may be sent more than once, to more than one Producer.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Path">Below the Producer's address, without a slash in front.</param>
internal sealed record Ask(HttpMethod Method, string Path)
{
    /// <summary>How long an answer is waited for; null: as long as the options say.</summary>
    public TimeSpan? Patience { get; init; }

    /// <summary>Header fields, by name.</summary>
    public (string Name, string Value)[] Headers { get; init; } = [];

    /// <summary>Makes the body, anew for each try; null: there is none.</summary>
    public Func<HttpContent>? Body { get; init; }

    /// <summary>True if a second try can't do what the first has done. False: it is only tried again if the first has done nothing for sure.</summary>
    public bool IsRepeatable { get; init; } = true;

    /// <summary>The key that a task is submitted with, for the exception.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>True for event streams, which have connections of their own.</summary>
    public bool IsStream { get; init; }
}
