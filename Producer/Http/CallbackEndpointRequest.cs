using Messaging.Contracts.Callbacks;
using Messaging.Contracts.Http;
using Messaging.Contracts.Json;
using Messaging.Contracts.Kinds;
using Messaging.Infrastructure.Callbacks;

namespace Messaging.Producer.Http;

/// <summary>An endpoint that somebody registers.</summary>
/// <param name="Name">What tasks will call it by.</param>
/// <param name="Url">Where callbacks go.</param>
/// <param name="Events">Of which ends it is told, unless a task says otherwise.</param>
/// <param name="Secret">What signs them.</param>
/// <param name="Reason">For the audit log.</param>
internal sealed record NewEndpoint(string Name, string Url, CallbackEvents Events, byte[] Secret, string? Reason);

/// <summary>A secret that takes the place of another.</summary>
/// <param name="Secret">The new one.</param>
/// <param name="KeepOld">How long the one before signs too.</param>
/// <param name="Reason">For the audit log.</param>
internal sealed record NewSecret(byte[] Secret, TimeSpan KeepOld, string? Reason);

/// <summary>Reads the bodies of the actions on endpoints.</summary>
internal static class CallbackEndpointRequest
{
    /// <summary>How long an old secret signs too, if nothing is said: a day.</summary>
    public static readonly TimeSpan DefaultKeepOld = TimeSpan.FromDays(1);

    /// <summary>How long it may: 90 days.</summary>
    public static readonly TimeSpan LongestKeepOld = TimeSpan.FromDays(90);

    private const int MaxBytes = 16 * 1024;

    private static readonly Dictionary<string, string> ChangedElsewhere = new(StringComparer.Ordinal)
    {
        ["name"] = "It can't be changed, tasks know the endpoint by it: register another one.",
        ["createdAt"] = "It can't be changed.",
        ["disabledAt"] = "POST …/disable and POST …/enable change that.",
        ["disabledReason"] = "POST …/disable and POST …/enable change that.",
        ["secret"] = "POST …/rotate changes it.",
        ["secrets"] = "POST …/rotate changes them.",
        ["reason"] = "It is no part of the endpoint: give it as a parameter, ?reason=….",
    };

    /// <summary>Reads <c>{name, url, events?, secret?, reason?}</c>.</summary>
    public static async Task<(NewEndpoint? Endpoint, Problem? Problem)> ReadAsync(HttpContext http, CallbackOptions options)
    {
        var (json, problem) = await ParseAsync(http, emptyIsNothing: false);
        if (json is null)
            return (null, problem);
        using (json)
        {
            var members = json.Object("An endpoint", "name", "url", "events", "secret", "reason");
            var name = members.Text("name", Names.IsQueue, Names.QueueRule);
            if (!members.Has("name"))
                members.Missing("name", "Missing: tasks call the endpoint by it.");
            if (!members.Has("url"))
                members.Missing("url", "Missing: say where callbacks go.");
            var url = ReadUrl(members, options);
            var events = ReadEvents(members);
            var secret = ReadSecret(members);
            var reason = members.Text("reason", ActionReason.IsReason, ActionReason.Rule);
            return json.Problem is { } faults
                ? (null, faults)
                : (new NewEndpoint(name!, url!, events ?? CallbackEvents.All, secret, reason), null);
        }
    }

    /// <summary>Reads <c>{url?, events?}</c>, a merge patch, without the parameters.</summary>
    public static async Task<(EndpointChange? Change, Problem? Problem)> ReadChangeAsync(HttpContext http, CallbackOptions options)
    {
        if (await RequestBody.ReadAsync(http, MaxBytes) is not { } body)
            return (null, Problems.TooLarge("The body", MaxBytes));
        if (MergePatch.CheckType(http) is { } type)
            return (null, type);
        using var json = MemberReader.Parse(body, out var malformed);
        if (json is null)
            return (null, malformed);
        var members = json.Object("A change of an endpoint", ["url", "events"], ChangedElsewhere);
        string? url = null;
        if (members.IsNull("url"))
            members.Missing("url", "It can't be removed, callbacks go there: give another address, or DELETE the endpoint.");
        else
            url = ReadUrl(members, options);
        var events = members.IsNull("events") ? CallbackEvents.All : ReadEvents(members);
        return json.Problem is { } faults ? (null, faults) : (new EndpointChange(url, events), null);
    }

    /// <summary>Reads <c>{secret?, keepOldFor?, reason?}</c>, which may be left out altogether.</summary>
    public static async Task<(NewSecret? Secret, Problem? Problem)> ReadRotationAsync(HttpContext http)
    {
        var (json, problem) = await ParseAsync(http, emptyIsNothing: true);
        if (problem is not null)
            return (null, problem);
        if (json is null)
            return (new NewSecret(CallbackSecret.Create(), DefaultKeepOld, null), null);
        using (json)
        {
            var members = json.Object("A rotation", "secret", "keepOldFor", "reason");
            TimeSpan? keepOld = null;
            members.Text(
                "keepOldFor",
                text =>
                {
                    var isIn = Iso8601Duration.TryParse(text, out var time) && time >= TimeSpan.Zero && time <= LongestKeepOld;
                    keepOld = time;
                    return isIn;
                },
                "a duration from PT0S to P90D");
            var secret = ReadSecret(members);
            var reason = members.Text("reason", ActionReason.IsReason, ActionReason.Rule);
            return json.Problem is { } faults ? (null, faults) : (new NewSecret(secret, keepOld ?? DefaultKeepOld, reason), null);
        }
    }

    /// <summary>The address; null if it is not there.</summary>
    private static string? ReadUrl(MemberReader.Members members, CallbackOptions options)
    {
        var url = members.Text("url", _ => true, "an address");
        if (url is not null && CallbackUrl.Refusal(url, options) is { } refusal)
            members.Wrong("url", refusal);
        return url;
    }

    /// <summary>The events; null if they are not there.</summary>
    private static CallbackEvents? ReadEvents(MemberReader.Members members)
    {
        List<ProblemError>? wrongEvents = null;
        var events = CallbackCheck.EventsOf(members.Texts("events", _ => true, "an event"), ref wrongEvents, "#");
        foreach (var wrong in wrongEvents ?? [])
            members.Wrong(wrong.Pointer![2..], wrong.Detail);
        return events;
    }

    /// <summary>The secret that was brought, or a new one.</summary>
    private static byte[] ReadSecret(MemberReader.Members members)
    {
        var text = members.Secret("secret");
        if (text is null)
            return CallbackSecret.Create();
        if (CallbackSecret.TryParse(text, out var secret))
            return secret;
        members.Wrong("secret", $"It is not {CallbackSecret.Rule}.");
        return [];
    }

    private static async Task<(MemberReader? Json, Problem? Problem)> ParseAsync(HttpContext http, bool emptyIsNothing)
    {
        if (new QueryReader(http.Request.Query).Problem is { } parameter)
            return (null, parameter);
        if (await RequestBody.ReadAsync(http, MaxBytes) is not { } body)
            return (null, Problems.TooLarge("The body", MaxBytes));
        if (body.Length == 0 && emptyIsNothing)
            return (null, null);
        if (RequestBody.CheckType(http.Request, "application/json") is { } type)
            return (null, type);
        var json = MemberReader.Parse(body, out var malformed);
        return (json, malformed);
    }
}
