using Messaging.Contracts.Http;

namespace Messaging.Producer.Http;

/// <summary>
/// Why somebody does something: the body <c>{"reason": "…"}</c> of an action, or the parameter <c>reason</c> of one without such a body. May be left
/// out. It goes into the audit log.
/// </summary>
internal static class ActionReason
{
    /// <summary>What a reason may be, for error messages.</summary>
    public const string Rule = "1 to 1000 characters";

    private const string Parameter = "reason";
    private const int MaxBytes = 16 * 1024;

    /// <summary>True if a text follows <see cref="Rule"/>.</summary>
    public static bool IsReason(string text) => text.Length is >= 1 and <= 1_000;

    /// <summary>Reads an action that takes nothing but a parameter <c>reason</c>.</summary>
    public static (string? Reason, Problem? Problem) OfQuery(HttpRequest request)
    {
        var query = new QueryReader(request.Query, Parameter);
        return (query.Text(Parameter, IsReason, Rule), query.Problem);
    }

    /// <summary>Reads an action that takes no parameters and nothing but a reason in its body.</summary>
    public static async Task<(string? Reason, Problem? Problem)> ReadAsync(HttpContext http)
    {
        if (new QueryReader(http.Request.Query).Problem is { } parameter)
            return (null, parameter);
        if (await RequestBody.ReadAsync(http, MaxBytes) is not { } body)
            return (null, Problems.TooLarge("The body", MaxBytes));
        if (body.Length == 0)
            return (null, null);
        if (RequestBody.CheckType(http.Request, "application/json") is { } type)
            return (null, type);
        using var json = MemberReader.Parse(body, out var malformed);
        if (json is null)
            return (null, malformed);
        var reason = json.Object("The body", Parameter).Text(Parameter, IsReason, Rule);
        return (reason, json.Problem);
    }
}
