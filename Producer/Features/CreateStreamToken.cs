using Messaging.Contracts.Http;
using Messaging.Contracts.Json;
using Messaging.Contracts.Kinds;
using Messaging.Infrastructure.Access;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.WebUtilities;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>POST /v1/events/tokens</c> <c>{taskId? | tag?, kind?, queue?, expiresIn?}</c>: makes a token that opens this one event stream, for a browser, whose
/// <c>EventSource</c> can't send an API key. 201 with the token and the address of the stream.
/// </summary>
internal static class CreateStreamToken
{
    private const int MaxBytes = 16 * 1024;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/events/tokens", HandleAsync).Needs(ApiScopes.Read)
        .Describe("createStreamToken", ApiTags.Events, "Let a browser follow", o => o
            .Says("The token opens this one stream, as `?access_token=`, for some minutes. It ends with the key that made it, and so do the streams that it opened.")
            .Takes<StreamTokenBody>("Which stream.", new StreamTokenBody(Examples.TaskId))
            .Gives<StreamTokenResponse>(201, "The token, and the address with it.", new StreamTokenResponse("mst_…", Examples.Created.AddMinutes(5), $"/v1/tasks/{Examples.TaskId}/events?access_token=mst_…"))
            .Refuses(ProblemTypes.InvalidValue));

    private static async Task<Results<JsonHttpResult<StreamTokenResponse>, ProblemResult>> HandleAsync(HttpContext http, StreamTokens tokens)
    {
        if (new QueryReader(http.Request.Query).Problem is { } parameter)
            return new ProblemResult(parameter);
        if (RequestBody.CheckType(http.Request, "application/json") is { } type)
            return new ProblemResult(type);
        if (await RequestBody.ReadAsync(http, MaxBytes) is not { } body)
            return new ProblemResult(Problems.TooLarge("The body", MaxBytes));
        var (target, life, problem) = Read(body);
        if (target is null)
            return new ProblemResult(problem!);

        var (token, expiresAt) = await tokens.CreateAsync(http.Key()?.Id, target, life, http.RequestAborted);
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(
            new StreamTokenResponse(token, expiresAt, UrlOf(target, token)), HttpJson.Options, statusCode: StatusCodes.Status201Created);
    }

    private static (StreamTarget? Target, TimeSpan Life, Problem? Problem) Read(ReadOnlyMemory<byte> body)
    {
        using var json = MemberReader.Parse(body, out var malformed);
        if (json is null)
            return (null, default, malformed);
        var members = json.Object("A token", "taskId", "tag", "kind", "queue", "expiresIn");
        var taskId = Guid.Empty;
        var ofTask = members.Text("taskId", text => Guid.TryParseExact(text, "D", out taskId), "a UUID") is not null;
        var target = new StreamTarget(
            ofTask ? taskId : null,
            members.Text("tag", Names.IsTag, Names.TagRule),
            members.Text("kind", Names.IsKind, Names.KindRule),
            members.Text("queue", Names.IsQueue, Names.QueueRule));
        if (ofTask && target is not { Tag: null, Kind: null, Queue: null })
            members.Wrong("taskId", "It stands alone: a task's stream has no filter.");
        var life = StreamTokens.DefaultLife;
        members.Text(
            "expiresIn",
            text => Iso8601Duration.TryParse(text, out life) && life >= TimeSpan.FromSeconds(1) && life <= StreamTokens.LongestLife,
            "a duration such as PT5M, from a second to an hour");
        return json.Problem is { } problem ? (null, default, problem) : (target, life, null);
    }

    private static string UrlOf(StreamTarget target, string token) => QueryHelpers.AddQueryString(
        target.TaskId is { } task ? TaskLinks.Of(task).Events : "/v1/events",
        new Dictionary<string, string?>
        {
            ["tag"] = target.Tag,
            ["kind"] = target.Kind,
            ["queue"] = target.Queue,
            [AccessToken.Parameter] = token,
        });
}
