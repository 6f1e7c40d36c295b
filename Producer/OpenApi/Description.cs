using Messaging.Contracts.Http;

namespace Messaging.Producer.OpenApi;

/// <summary>What an operation is, for the OpenAPI document. Stated where its route is mapped; a test says what of it is missing.</summary>
/// <param name="id">Its <c>operationId</c>, camelCase and unique.</param>
/// <param name="tag">One of <see cref="ApiTags"/>.</param>
/// <param name="summary">A few words.</param>
internal sealed class Description(string id, string tag, string summary)
{
    private readonly List<Parameter> _parameters = [];
    private readonly List<Answer> _answers = [];
    private readonly List<Refusal> _refusals = [];
    private readonly List<Callback> _callbacks = [];

    public string Id => id;

    public string Tag => tag;

    public string Summary => summary;

    /// <summary>More than the summary, in Markdown.</summary>
    public string? Text { get; private set; }

    public IReadOnlyList<Parameter> Parameters => _parameters;

    public Body? Body { get; private set; }

    public IReadOnlyList<Answer> Answers => _answers;

    public IReadOnlyList<Refusal> Refusals => _refusals;

    public IReadOnlyList<Callback> Callbacks => _callbacks;

    /// <summary>Problem types that stand in the lines of the answer.</summary>
    public IReadOnlyList<string> LineRefusals { get; private set; } = [];

    /// <summary>Says more.</summary>
    public Description Says(string text)
    {
        Text = text;
        return this;
    }

    /// <summary>A part of the address.</summary>
    public Description Path(string name, Shape shape, string text) => Add(new Parameter(name, "path", shape, text));

    /// <summary>A query parameter, which may be left out.</summary>
    public Description Query(string name, Shape shape, string text) => Add(new Parameter(name, "query", shape, text));

    /// <summary>A header of the request, which may be left out.</summary>
    public Description Header(string name, Shape shape, string text) => Add(new Parameter(name, "header", shape, text));

    /// <summary>The parameters of a list.</summary>
    public Description Pages(Shape after, int byDefault = 50, int most = 1000) => this
        .Query("after", after, "The `next` of the page before; the header `Link` has the whole address.")
        .Query("limit", Shape.Integer(1, most, byDefault), "How many at most.");

    /// <summary>The conditions of RFC 9110.</summary>
    public Description Conditions() => this
        .Header("If-None-Match", Shape.Text, "An `ETag`: answered with 304 if nothing has changed.")
        .Header("If-Match", Shape.Text, "An `ETag`: answered with 412 if it is another one.")
        .Refuses(ProblemTypes.PreconditionFailed);

    /// <summary>Beside <see cref="Http.IfMatch.HeedsIfMatch"/>.</summary>
    public Description OnlyIfMatch() => this
        .Header("If-Match", Shape.Text, "The `ETag` of the task as it was seen: answered with 412, and nothing is done, if it is another one by now.")
        .Refuses(ProblemTypes.PreconditionFailed);

    /// <summary>A body of one type.</summary>
    public Description Takes<T>(string text, object? example = null, bool required = true, string mediaType = "application/json") =>
        Takes(text, required, new Content(mediaType, Shape.Of<T>(), example));

    /// <summary>A body.</summary>
    public Description Takes(string text, bool required, params Content[] contents)
    {
        Body = new Body(text, required, contents);
        return this;
    }

    /// <summary>An answer with JSON.</summary>
    public Description Gives<T>(int status, string text, object? example = null, params string[] headers) =>
        Add(new Answer(status, text, new Content("application/json", Shape.Of<T>(), example), headers));

    /// <summary>An answer with something else, or nothing.</summary>
    public Description Gives(int status, string text, Content? content, params string[] headers) => Add(new Answer(status, text, content, headers));

    /// <summary>Where one may go from the last answer.</summary>
    public Description Leads(string operation, string parameter = "id", string expression = "$response.body#/id")
    {
        _answers[^1].Links.Add(new Link(operation, parameter, expression));
        return this;
    }

    /// <summary>Whom it makes this service call, later.</summary>
    /// <param name="webhook">What is sent: one of <see cref="WebhookWriter"/>.</param>
    /// <param name="expression">Where the receiver's address is.</param>
    public Description Calls(string webhook, string expression)
    {
        _callbacks.Add(new Callback(webhook, expression));
        return this;
    }

    /// <summary>Problems that the operation itself may answer with; those that all have are added.</summary>
    public Description Refuses(params ReadOnlySpan<string> types)
    {
        foreach (var type in types)
            _refusals.Add(new Refusal(type));
        return this;
    }

    /// <summary>A problem whose type stands for more than one status.</summary>
    public Description Refuses(string type, int status)
    {
        _refusals.Add(new Refusal(type, status));
        return this;
    }

    /// <summary>Problems that lines of the answer may have, each for its own part of the request.</summary>
    public Description RefusesLines(params string[] types)
    {
        LineRefusals = types;
        return this;
    }

    private Description Add(Parameter parameter)
    {
        _parameters.Add(parameter);
        return this;
    }

    private Description Add(Answer answer)
    {
        _answers.Add(answer);
        return this;
    }
}

/// <summary>A parameter.</summary>
/// <param name="Name">Its name.</param>
/// <param name="In"><c>path</c>, <c>query</c> or <c>header</c>.</param>
/// <param name="Shape">What it may be.</param>
/// <param name="Text">What it means.</param>
internal sealed record Parameter(string Name, string In, Shape Shape, string Text);

/// <summary>A request's body.</summary>
/// <param name="Text">What it is.</param>
/// <param name="Required">Whether it must be there.</param>
/// <param name="Contents">By media type.</param>
internal sealed record Body(string Text, bool Required, IReadOnlyList<Content> Contents);

/// <summary>A body of one media type.</summary>
/// <param name="MediaType">For instance <c>application/json</c>.</param>
/// <param name="Shape">What it may be.</param>
/// <param name="Example">An instance of its record, or a text.</param>
internal sealed record Content(string MediaType, Shape Shape, object? Example = null);

/// <summary>An answer that says yes.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Text">When it comes.</param>
/// <param name="Content">Its body; null: none.</param>
/// <param name="Headers">Names out of <see cref="ApiHeaders"/>.</param>
internal sealed record Answer(int Status, string Text, Content? Content, IReadOnlyList<string> Headers)
{
    /// <summary>Where one may go from it.</summary>
    public List<Link> Links { get; } = [];
}

/// <summary>A problem that an operation may answer with.</summary>
/// <param name="Type">One of <see cref="ProblemTypes"/>.</param>
/// <param name="Status">Null: the type's own.</param>
internal sealed record Refusal(string Type, int? Status = null);

/// <summary>From an answer to another operation.</summary>
/// <param name="Operation">Its id.</param>
/// <param name="Parameter">Its parameter.</param>
/// <param name="Expression">Where the parameter's value is.</param>
internal sealed record Link(string Operation, string Parameter, string Expression);

/// <summary>A request that this service sends because of an operation.</summary>
/// <param name="Webhook">The name of its message.</param>
/// <param name="Expression">Where the receiver's address is: an OpenAPI runtime expression.</param>
internal sealed record Callback(string Webhook, string Expression);

/// <summary>Describes routes.</summary>
internal static class Descriptions
{
    /// <summary>States what the route is.</summary>
    public static RouteHandlerBuilder Describe(this RouteHandlerBuilder route, string id, string tag, string summary, Action<Description> more)
    {
        var description = new Description(id, tag, summary);
        more(description);
        return route.WithMetadata(description);
    }
}
