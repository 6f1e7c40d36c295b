using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Messaging.Contracts.Kinds;

namespace OwnWorker;

/// <summary>Counts the words of a text.</summary>
[TaskKind("text.count-words", Description = "Counts the words of a text.", Timeout = "PT1M", MaxAttempts = 3)]
public sealed record CountWords(
    [Description("The text."), MinLength(1)] string Text,
    [Description("Words that are not counted.")] IReadOnlyList<string>? Except = null)
    : ITaskInput<WordCount>;

/// <summary>What <see cref="CountWords"/> returns.</summary>
public sealed record WordCount(int Words, string Longest);
