using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Messaging.Contracts.Callbacks;
using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Messaging.Producer.Http;

namespace Messaging.Producer.OpenApi;

/// <summary>
/// Writes the schemas of the contracts' records as they stand on the wire (<see cref="HttpJson"/>): names in camelCase, a member without a value
/// left out, so that what can be null is not required and never null (but for <see cref="Removable"/>). Answers may grow members; requests with members that are not known are refused.
/// </summary>
internal sealed class SchemaWriter(XmlComments comments)
{
    // ISO 8601 as it is read and written here. The format "duration" of JSON Schema knows no fractions of seconds.
    private const string Duration = @"^P(\d+W|(?!$)(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?)$";

    private readonly NullabilityInfoContext _nullability = new();
    private readonly SortedDictionary<string, JsonObject> _components = new(StringComparer.Ordinal);

    /// <summary>
    /// The words of members that are strings, or lists of strings. In requests there are no others. In answers more may come, so no client may take them for
    /// all there will ever be.
    /// </summary>
    private static readonly Dictionary<(Type, string), IEnumerable<string>> Words = new()
    {
        [(typeof(AuditResponse), nameof(AuditResponse.Action))] = AuditActions.All,
        [(typeof(AttemptResponse), nameof(AttemptResponse.Outcome))] = Constants(typeof(AttemptOutcomes)),
        [(typeof(ExplainResponse), nameof(ExplainResponse.Reason))] = Constants(typeof(ExplainReasons)),
        [(typeof(Problem), nameof(Problem.Type))] = Constants(typeof(ProblemTypes)),
        [(typeof(TaskFailure), nameof(TaskFailure.Code))] = Constants(typeof(FailureCodes)),
        [(typeof(OperationResponse), nameof(OperationResponse.State))] = ["pending", "running", "finished", "stopped"],
        [(typeof(OperationBody), nameof(OperationBody.Action))] = ["retry", "discard"],
        [(typeof(KeyBody), nameof(KeyBody.Scopes))] = ApiScopeWords.All.Split(", "),
        [(typeof(CallbackRequest), nameof(CallbackRequest.Events))] = CallbackEventNames.Of(CallbackEvents.All),
        [(typeof(CallbackEndpointBody), nameof(CallbackEndpointBody.Events))] = CallbackEventNames.Of(CallbackEvents.All),
        [(typeof(CallbackEndpointResponse), nameof(CallbackEndpointResponse.Events))] = CallbackEventNames.Of(CallbackEvents.All),
        [(typeof(CallbackDeliveryResponse), nameof(CallbackDeliveryResponse.Type))] = [.. CallbackEventNames.Of(CallbackEvents.All), CallbackEventNames.Test],
        [(typeof(CallbackMessage), nameof(CallbackMessage.Type))] = CallbackEventNames.Of(CallbackEvents.All),
        [(typeof(CallbackTestMessage), nameof(CallbackTestMessage.Type))] = [CallbackEventNames.Test],
        [(typeof(HealthResponse), nameof(HealthResponse.Status))] = ["live", "ready", "degraded", "unavailable"],
        [(typeof(HealthPart), nameof(HealthPart.Status))] = ["ok", "degraded", "away"],
    };

    /// <summary>Members that null removes (<see cref="MergePatch"/>).</summary>
    private static readonly HashSet<(Type, string)> Removable = [(typeof(CallbackEndpointPatch), nameof(CallbackEndpointPatch.Events))];

    /// <summary>The records that were asked for, and those in them, by name.</summary>
    public IReadOnlyDictionary<string, JsonObject> Components => _components;

    /// <summary>The schema of a shape.</summary>
    public JsonObject Of(Shape shape)
    {
        if (shape.Json is not null)
        {
            var schema = shape.Node();
            if (shape.Types.Length > 0)
                schema[Shape.PartExtension] = AnyOf(shape.Types);
            return schema;
        }

        return AnyOf(shape.Types);
    }

    /// <summary>What a record is called in the document.</summary>
    public static string Rename(string name) => name.EndsWith("Response", StringComparison.Ordinal) ? name[..^"Response".Length] : name;

    private JsonObject AnyOf(Type[] types) => types is [var only] ? Of(only) : new JsonObject { ["anyOf"] = new JsonArray([.. types.Select(Of)]) };

    private JsonObject Of(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (Scalar(type) is { } scalar)
            return scalar;
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
            return new JsonObject { ["type"] = "array", ["items"] = Of(type.GetGenericArguments()[0]) };
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>))
            return new JsonObject { ["type"] = "object", ["additionalProperties"] = Of(type.GetGenericArguments()[1]) };
        var name = NameOf(type);
        if (!_components.ContainsKey(name))
        {
            _components[name] = new JsonObject(); // before its members: one of them may be of the same type
            _components[name] = type.IsEnum ? Enumeration(type) : Record(type);
        }

        return new JsonObject { ["$ref"] = $"#/components/schemas/{name}" };
    }

    private static JsonObject? Scalar(Type type) =>
        type == typeof(string) ? Text()
        : type == typeof(Guid) ? Text("uuid")
        : type == typeof(DateTimeOffset) ? Text("date-time")
        : type == typeof(TimeSpan) ? new JsonObject { ["type"] = "string", ["pattern"] = Duration, ["examples"] = new JsonArray("PT30S") }
        : type == typeof(bool) ? new JsonObject { ["type"] = "boolean" }
        : type == typeof(int) ? new JsonObject { ["type"] = "integer", ["format"] = "int32" }
        : type == typeof(long) ? new JsonObject { ["type"] = "integer", ["format"] = "int64" }
        : type == typeof(double) ? new JsonObject { ["type"] = "number", ["format"] = "double" }
        : type == typeof(RawJson) || type == typeof(JsonElement) ? new JsonObject()
        : null;

    private static JsonObject Text(string? format = null) =>
        format is null ? new JsonObject { ["type"] = "string" } : new JsonObject { ["type"] = "string", ["format"] = format };

    private static string NameOf(Type type) => type.IsGenericType
        ? Rename(type.GetGenericArguments()[0].Name) + type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]
        : Rename(type.Name);

    private JsonObject Enumeration(Type type)
    {
        var schema = Described(Text(), comments.Of(type));
        schema["enum"] = new JsonArray([.. Enum.GetValues(type).Cast<object>().Select(value => JsonSerializer.SerializeToNode(value, type, HttpJson.Options))]);
        return schema;
    }

    private JsonObject Record(Type type)
    {
        var schema = Described(new JsonObject { ["type"] = "object" }, comments.Of(type));
        var properties = new JsonObject();
        var required = new JsonArray();
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var name = JsonNamingPolicy.CamelCase.ConvertName(property.Name);
            var member = Described(Of(property.PropertyType), comments.Of(property));
            if (Removable.Contains((type, property.Name)))
                member["type"] = new JsonArray((string?)member["type"], "null");
            if (Words.TryGetValue((type, property.Name), out var words))
                (member["items"] ?? member)[IsRequest(type) ? "enum" : "x-extensible-enum"] = new JsonArray([.. words.Select(word => JsonValue.Create(word))]);
            properties[name] = member;
            if (!MayBeNull(property))
                required.Add(name);
        }

        schema["properties"] = properties;
        if (required.Count > 0)
            schema["required"] = required;
        if (IsRequest(type))
            schema["additionalProperties"] = false;
        return schema;
    }

    private static bool IsRequest(Type type) => type.Name.EndsWith("Request", StringComparison.Ordinal) || type.Namespace == typeof(SchemaWriter).Namespace;

    private bool MayBeNull(PropertyInfo property) =>
        Nullable.GetUnderlyingType(property.PropertyType) is not null
        || (!property.PropertyType.IsValueType && _nullability.Create(property).ReadState == NullabilityState.Nullable);

    private static JsonObject Described(JsonObject schema, string? text)
    {
        if (text is not null)
            schema["description"] = text;
        return schema;
    }

    private static IEnumerable<string> Constants(Type type) => type
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Where(field => field is { IsLiteral: true } && field.FieldType == typeof(string))
        .Select(field => (string)field.GetRawConstantValue()!);
}
