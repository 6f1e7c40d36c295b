using System.Text.Json.Nodes;

namespace Messaging.Tests.Benchmarks.Measure;

/// <summary>What a case showed, for people and for programs.</summary>
internal interface IBenchResult
{
    /// <summary>The case's name.</summary>
    string Case { get; }

    /// <summary>What can be compared with another run: figures as ratios to the floor of the same run. Empty where there is no floor.</summary>
    IReadOnlyDictionary<string, double> Ratios { get; }

    /// <summary>Writes its tables.</summary>
    void Write(TextWriter output);

    /// <summary>The same as JSON.</summary>
    JsonObject ToJson();
}
