namespace Messaging.Tests.Dev.Test;

/// <summary>The options of <c>./dev test</c>.</summary>
/// <param name="Filter">Part of a test's full name; null: all tests.</param>
public sealed record TestOptions(string? Filter)
{
    /// <summary>Reads the command line.</summary>
    /// <exception cref="UsageException">More than one word, or an option.</exception>
    public static TestOptions Parse(ReadOnlySpan<string> arguments) => arguments switch
    {
        [] => new(Filter: null),
        [var filter] when !filter.StartsWith('-') => new(filter),
        _ => throw new UsageException("Usage: ./dev test [part of a test's full name, such as PostgresServerTests]"),
    };
}
