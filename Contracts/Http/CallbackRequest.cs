using System.Text;

namespace Messaging.Contracts.Http;

/// <summary>
/// Who is told when a task ends: the member <c>callback</c> of a task. Either <see cref="Url"/> or <see cref="Endpoint"/>.
/// </summary>
public sealed record CallbackRequest
{
    /// <summary>The longest address, in characters.</summary>
    public const int LongestUrl = 2_000;

    /// <summary>An absolute http or https address, without user name, password and fragment. It can't lead to private addresses unless the service allows it.</summary>
    public string? Url { get; init; }

    /// <summary>The name of an endpoint that was registered with <c>POST /v1/callback-endpoints</c>.</summary>
    public string? Endpoint { get; init; }

    /// <summary>Of which ends it is told: some of <see cref="CallbackEventNames.All"/>. Default: what the endpoint says, or all of them.</summary>
    public IReadOnlyList<string>? Events { get; init; }

    /// <summary>
    /// What the callback is signed with, only together with <see cref="Url"/>: <c>whsec_</c> and base64 of 24 to 64 bytes. Never shown again.
    /// Default: the service's secret for addresses (<c>GET /v1/callback-secret</c>).
    /// </summary>
    public string? Secret { get; init; }

    // Records print all members: this one has what no log may show.
    private bool PrintMembers(StringBuilder text)
    {
        text.Append("Url = ").Append(Url).Append(", Endpoint = ").Append(Endpoint).Append(", Events = ").AppendJoin(' ', Events ?? []);
        return true;
    }
}
