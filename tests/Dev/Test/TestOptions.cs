namespace Messaging.Tests.Dev.Test;

/// <summary>The options of <c>./dev test</c>.</summary>
public sealed record TestOptions
{
    private const string Usage =
        "Usage: ./dev test [part of a test's full name] [--containers] [--rabbitmq PATH] [--postgres PATH]; " +
        "PATH: the root folder of another system, or a folder with the server's programs";

    /// <summary>Part of a test's full name; null: all tests.</summary>
    public string? Filter { get; init; }

    /// <summary>Whether the tests' common servers run in containers.</summary>
    public bool Containers { get; init; }

    /// <summary>Where RabbitMQ's programs are taken from; null: this machine's.</summary>
    public string? RabbitMq { get; init; }

    /// <summary>Where Postgres's programs are taken from; null: this machine's.</summary>
    public string? Postgres { get; init; }

    /// <summary>Reads the command line.</summary>
    /// <exception cref="UsageException">More than one name, an option that is unknown, or a folder that is not there.</exception>
    public static TestOptions Parse(ReadOnlySpan<string> arguments)
    {
        var options = new TestOptions();
        while (!arguments.IsEmpty)
        {
            (options, arguments) = arguments switch
            {
                ["--containers", ..] => (options with { Containers = true }, arguments[1..].ToArray()),
                ["--rabbitmq", var path, ..] => (options with { RabbitMq = Folder("--rabbitmq", path) }, arguments[2..].ToArray()),
                ["--postgres", var path, ..] => (options with { Postgres = Folder("--postgres", path) }, arguments[2..].ToArray()),
                [var name, ..] when options.Filter is null && !name.StartsWith('-') => (options with { Filter = name }, arguments[1..].ToArray()),
                _ => throw new UsageException($"'{arguments[0]}' is not understood. {Usage}"),
            };
        }

        return options;
    }

    private static string Folder(string option, string path)
        => Directory.Exists(path) ? Path.GetFullPath(path) : throw new UsageException($"{option}: there is no folder {path}.");
}
