using System.Text;
using Messaging.Contracts.Kinds;

namespace Messaging.Tests.Unit.Contracts.Kinds;

/// <summary>Short ways to ask a schema.</summary>
internal static class InputSchemaCheck
{
    public static InputCheck Check(string schema, string json) => InputSchema.Parse(schema).Validate(Encoding.UTF8.GetBytes(json));

    public static bool Fits(string schema, string json)
    {
        var check = Check(schema, json);
        Assert.That(check.Malformed, Is.Null, json);
        return check.IsValid;
    }

    /// <summary>The errors as <c>pointer: detail</c>.</summary>
    public static IReadOnlyList<string> Errors(string schema, string json)
    {
        var check = Check(schema, json);
        Assert.That(check.Malformed, Is.Null, json);
        return [.. check.Errors.Select(e => $"{e.JsonPointer}: {e.Detail}")];
    }

    public static IReadOnlyList<string> Pointers(string schema, string json) => [.. Check(schema, json).Errors.Select(e => e.JsonPointer)];
}
