namespace Messaging.Tests.Dev.Test;

/// <summary>Tests that one run of the test host takes.</summary>
/// <param name="Name">What it is called in the output and in the name of its results.</param>
/// <param name="Project">Its project.</param>
/// <param name="Category">What it takes of the project, in the language of <c>dotnet test --filter</c>; null: all.</param>
public sealed record TestPart(string Name, string Project, string? Category = null)
{
    /// <summary>The arguments that choose its tests.</summary>
    /// <param name="name">Part of a test's full name; null: all.</param>
    public IReadOnlyList<string> Choice(string? name)
    {
        var wanted = name is null ? null : $"FullyQualifiedName~{Escape(name)}";
        return (Category, wanted) switch
        {
            (null, null) => [],
            (null, _) => ["--filter", wanted],
            (_, null) => ["--filter", Category],
            _ => ["--filter", $"({Category})&({wanted})"],
        };
    }

    /// <summary>The filter language has signs of its own; brackets and commas are in the names of tests with arguments.</summary>
    private static string Escape(string name)
        => string.Concat(name.Select(sign => @"\()&|=!~".Contains(sign, StringComparison.Ordinal) ? $@"\{sign}" : sign.ToString()));
}
