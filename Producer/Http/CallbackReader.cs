using Messaging.Contracts.Http;

namespace Messaging.Producer.Http;

/// <summary>Reads the member <c>callback</c> of a task: its shape alone, what it says is checked with the task (<see cref="CallbackCheck"/>).</summary>
internal static class CallbackReader
{
    private const string Pointer = "#/callback";

    /// <summary>Reads it and adds what is wrong with its shape.</summary>
    /// <param name="json">The member's value; well-formed.</param>
    /// <param name="wrongShape">What has the wrong shape in the whole task; null: nothing yet.</param>
    /// <param name="wrongValue">What has a value that can't be; null: nothing yet.</param>
    public static CallbackRequest? Read(ReadOnlyMemory<byte> json, ref List<ProblemError>? wrongShape, ref List<ProblemError>? wrongValue)
    {
        using var reader = MemberReader.Parse(json, out var malformed);
        if (reader is null)
        {
            (wrongShape ??= []).Add(new ProblemError(malformed!.Detail ?? "It can't be read.", Pointer));
            return null;
        }

        var members = reader.Part(Pointer, "A callback", "url", "endpoint", "events", "secret");
        var callback = new CallbackRequest
        {
            Url = members.Text("url", IsText, "an address"),
            Endpoint = members.Text("endpoint", IsText, "an endpoint's name"),
            Events = members.Texts("events", IsText, "an event"),
            Secret = members.Secret("secret"),
        };
        if (reader.WrongShapes.Count > 0)
            (wrongShape ??= []).AddRange(reader.WrongShapes);
        if (reader.WrongValues.Count > 0)
            (wrongValue ??= []).AddRange(reader.WrongValues);
        return callback;
    }

    // Its rule is applied later; here it is only a text, which half a surrogate pair is not.
    private static bool IsText(string text) => true;
}
