using Messaging.Contracts.Callbacks;
using Messaging.Contracts.Http;
using Messaging.Contracts.Kinds;
using Messaging.Infrastructure.Callbacks;

namespace Messaging.Producer.Http;

/// <summary>Says whether a task's callback can be, as far as that is known before it is sent.</summary>
internal static class CallbackCheck
{
    /// <summary>The callback to be stored; null if there is none, or if it can't be.</summary>
    /// <param name="callback">As it was asked for.</param>
    /// <param name="options">What this service allows.</param>
    /// <param name="wrong">What is wrong with the whole task; null: nothing yet.</param>
    public static NewCallback? Check(CallbackRequest? callback, CallbackOptions options, ref List<ProblemError>? wrong)
    {
        if (callback is null)
            return null;
        var before = wrong?.Count ?? 0;
        if ((callback.Url is null) == (callback.Endpoint is null))
            Add(ref wrong, "", "Give either url or endpoint: an address, or the name of an endpoint that is registered.");
        if (callback.Url is { } url && CallbackUrl.Refusal(url, options) is { } refusal)
            Add(ref wrong, "/url", refusal);
        if (callback.Endpoint is { } endpoint && !Names.IsQueue(endpoint))
            Add(ref wrong, "/endpoint", $"'{Problems.Short(endpoint)}' is not {Names.QueueRule}.");
        var events = EventsOf(callback.Events, ref wrong);
        var secret = SecretOf(callback, ref wrong);
        return (wrong?.Count ?? 0) == before ? new NewCallback(callback.Url, callback.Endpoint, events, secret) : null;
    }

    /// <summary>The events by their names; null if none are named.</summary>
    public static CallbackEvents? EventsOf(IReadOnlyList<string>? names, ref List<ProblemError>? wrong, string pointer = "#/callback")
    {
        if (names is null)
            return null;
        var events = CallbackEvents.None;
        if (names.Count == 0)
            (wrong ??= []).Add(new ProblemError($"Empty: name at least one of {CallbackEventNames.All}, or leave it out.", $"{pointer}/events"));
        for (var i = 0; i < names.Count; i++)
        {
            if (CallbackEventNames.TryParse(names[i], out var found))
                events |= found;
            else
                (wrong ??= []).Add(new ProblemError($"'{Problems.Short(names[i])}' is no event; events are {CallbackEventNames.All}.", $"{pointer}/events/{i}"));
        }

        return events;
    }

    private static byte[]? SecretOf(CallbackRequest callback, ref List<ProblemError>? wrong)
    {
        if (callback.Secret is null)
            return null;
        if (!CallbackSecret.TryParse(callback.Secret, out var secret))
            Add(ref wrong, "/secret", $"It is not {CallbackSecret.Rule}.");
        else if (callback.Endpoint is not null)
            Add(ref wrong, "/secret", "An endpoint has secrets of its own; give one only together with url.");
        return secret;
    }

    private static void Add(ref List<ProblemError>? wrong, string member, string detail) =>
        (wrong ??= []).Add(new ProblemError(detail, "#/callback" + member));
}
